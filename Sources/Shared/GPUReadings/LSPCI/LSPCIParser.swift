/// Goes through lspci's lines.
struct LSPCIParser {
    private let text: ByteText
    private var reading = LSPCIReading()
    /// The device that lines belong to, -1 where there is none.
    private var last = -1
    private var recent = RecentTexts()
    /// Whether the current device is a block of `-vmm`.
    private var inBlock = false

    private static let mostDevices = 65_536
    private static let mostOthers = 64
    private static let mostRegions = 16
    private static let mostModules = 64

    init(_ text: ByteText) { self.text = text }

    mutating func add(_ line: ByteLines.Line, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard !piece.isEmpty else {
            finish()
            return
        }
        let first = text[piece.lowerBound]
        let indented = piece.lowerBound > line.piece.lowerBound
        // "Slot:" begins a device of -vmm, "Device:" one of -vm.
        if !indented, !inBlock || last < 0 || first == UInt8(ascii: "S"), beginBlock(piece) { return }
        if inBlock, last >= 0 {
            addBlockField(piece)
        } else if ByteText.hexadecimalDigit(first) != nil, let (address, rest) = PCIAddressText.leading(piece, text),
            isHeading(rest)
        {
            if begin(address) { addHeading(rest) }
        } else if !indented, first == UInt8(ascii: "["), let (kind, _) = text.halves(piece, at: ": "), kind.count == 6 {
            // "[0300]: Intel Corporation …": what is before it was cut off.
            if begin("") { addHeading(piece) }
        } else if last >= 0 {
            addDetail(piece, indented: indented)
        } else if indented, LSPCILabel.table.value(label(piece)?.0 ?? piece, in: text) != nil {
            warnings.add(line.number, text.cut(piece), "this belongs to no device")
        }
    }

    mutating func finished() -> LSPCIReading {
        finish()
        return reading
    }

    private mutating func finish() {
        last = -1
        inBlock = false
    }

    private mutating func begin(_ address: String) -> Bool {
        finish()
        guard reading.devices.count < Self.mostDevices else { return false }
        last = reading.devices.count
        reading.devices.append(PCIDevice(address: address))
        return true
    }

    // MARK: - The line of a device

    /// Whether this can follow an address: a list of addresses alone is no output of lspci's.
    private func isHeading(_ piece: ByteText.Piece) -> Bool {
        guard let first = piece.first else { return false }
        return text[first] == UInt8(ascii: "\"") || text.has(": ", in: piece)
    }

    /// "VGA compatible controller [0300]: NVIDIA Corporation GP104 [GeForce GTX 1080] [10de:1b80] (rev a1) (prog-if 00)"
    private mutating func addHeading(_ piece: ByteText.Piece) {
        guard !piece.isEmpty else { return }
        if text[piece.lowerBound] == UInt8(ascii: "\"") { return addQuoted(piece) }
        guard let (kind, name) = text.halves(piece, at: ": ") else {
            reading.devices[last].className = recent.string(piece, in: text)
            return
        }
        setClass(kind)
        setName(withoutNotes(text.trimmed(name)))
    }

    /// Takes "(rev a1)" and "(prog-if 00 [VGA controller])" off the end.
    private mutating func withoutNotes(_ piece: ByteText.Piece) -> ByteText.Piece {
        var rest = piece
        while text.ends(rest, with: UInt8(ascii: ")")), let open = text.findLast(UInt8(ascii: "("), in: rest) {
            let inner = open + 1..<rest.upperBound - 1
            if let value = text.after("rev ", in: inner) {
                reading.devices[last].revision = recent.string(value, in: text)
            } else if let value = text.after("prog-if ", in: inner) {
                var words = value
                let number = text.nextWord(&words) ?? value
                reading.devices[last].programmingInterface = recent.string(number, in: text)
            } else {
                break
            }
            rest = text.trimmed(rest.lowerBound..<open)
        }
        return rest
    }

    /// "VGA compatible controller [0300]", "0300" with -n.
    private mutating func setClass(_ piece: ByteText.Piece) {
        let (name, id) = text.withoutID(text.trimmed(piece))
        if let id {
            reading.devices[last].classID = text.lowercased(id)
            reading.devices[last].className = recent.string(name, in: text)
        } else if name.count == 4, text.hexadecimal(name) != nil {
            reading.devices[last].classID = text.lowercased(name)
        } else {
            // "Class 0300" of a class without a name.
            reading.devices[last].className = recent.string(name, in: text)
            if let id = text.after("Class ", in: name), text.isID(id) {
                reading.devices[last].classID = text.lowercased(id)
            }
        }
    }

    /// Vendor and device: names with or without identifiers, or identifiers alone.
    private mutating func setName(_ piece: ByteText.Piece) {
        let (name, id) = text.withoutID(piece)
        let ids = id ?? name
        if let pair = text.halves(ids, at: ":"), text.isID(pair.0), text.isID(pair.1) {
            reading.devices[last].vendorID = text.lowercased(pair.0)
            reading.devices[last].deviceID = text.lowercased(pair.1)
        }
        if id != nil || reading.devices[last].vendorID == nil, let (vendor, device) = PCIVendorName.split(name, text) {
            reading.devices[last].vendor = recent.string(vendor, in: text)
            setDevice(device)
            return
        }
        reading.devices[last].vendorAndDevice = text.cut(name)
        if id == nil {
            // "Device 10de:2f18" where neither has a name.
            guard let ids = text.after("Device ", in: name), let pair = text.halves(ids, at: ":"), text.isID(pair.0),
                text.isID(pair.1)
            else { return }
            reading.devices[last].vendorID = text.lowercased(pair.0)
            reading.devices[last].deviceID = text.lowercased(pair.1)
        }
    }

    private mutating func setDevice(_ piece: ByteText.Piece) {
        guard !piece.isEmpty else { return }
        reading.devices[last].device = text.cut(piece)
        // "Device 2f18" is the identifier.
        if reading.devices[last].deviceID == nil, let id = text.after("Device ", in: piece), text.isID(id) {
            reading.devices[last].deviceID = text.lowercased(id)
        }
    }

    /// -mm: `"VGA compatible controller" "NVIDIA Corporation" "GP107" -ra1 -p00 "Board's vendor" "Board"`
    private mutating func addQuoted(_ piece: ByteText.Piece) {
        var rest = piece
        var number = 0
        while let next = text.trimmed(rest).first {
            let here = text.trimmed(rest)
            if text[next] == UInt8(ascii: "\"") {
                let end = text.find(UInt8(ascii: "\""), in: next + 1..<here.upperBound) ?? here.upperBound
                addQuoted(next + 1..<end, number)
                number += 1
                rest = min(end + 1, here.upperBound)..<here.upperBound
            } else {
                rest = here
                guard let word = text.nextWord(&rest) else { return }
                if let value = text.after("-r", in: word) {
                    reading.devices[last].revision = recent.string(value, in: text)
                }
                if let value = text.after("-p", in: word) {
                    reading.devices[last].programmingInterface = recent.string(value, in: text)
                }
            }
        }
    }

    private mutating func addQuoted(_ piece: ByteText.Piece, _ number: Int) {
        let fields: [LSPCILabel.Field] = [.className, .vendor, .device, .subsystemVendor, .subsystemDevice]
        if number < fields.count { set(fields[number], piece) }
    }

    // MARK: - The lines below it

    /// "Kernel driver in use: nvidia"
    private func label(_ piece: ByteText.Piece) -> (ByteText.Piece, ByteText.Piece)? {
        guard let colon = text.find(UInt8(ascii: ":"), in: piece) else { return nil }
        return (text.trimmed(piece.lowerBound..<colon), text.trimmed(colon + 1..<piece.upperBound))
    }

    private mutating func addDetail(_ piece: ByteText.Piece, indented: Bool) {
        if !indented, addHexadecimal(piece) { return }
        // Complaints come between the lines, where standard error is the same.
        if !indented, text.starts(piece, with: "pcilib:") || text.starts(piece, with: "lspci:") { return }
        guard let (label, value) = label(piece) else {
            if !addRegion(piece, number: nil), !indented { finish() }
            return
        }
        if let field = LSPCILabel.table.value(label, in: text) {
            set(field, value)
        } else if let number = text.after("Region ", in: label).flatMap({ text.integer($0) }) {
            _ = addRegion(value, number: number)
        } else if addRegion(piece, number: nil) {
            return
        } else if indented {
            keep(label, value)
        } else {
            // Something else: what follows is not of this device.
            finish()
        }
    }

    private mutating func keep(_ label: ByteText.Piece, _ value: ByteText.Piece) {
        guard reading.devices[last].other.count < Self.mostOthers else { return }
        reading.devices[last].other.append(OtherField(path: text.cut(label), text: text.cut(value)))
    }

    /// "Memory at f3000000 (32-bit, non-prefetchable) [size=16M]", "I/O ports at e000 [size=128]",
    /// "[virtual] Expansion ROM at f6000000 [disabled] [size=512K]"
    private mutating func addRegion(_ piece: ByteText.Piece, number: Int?) -> Bool {
        let piece = text.after("[virtual]", in: piece) ?? piece
        let kinds: [(StaticString, PCIDevice.Region.Kind)] = [
            ("Memory at ", .memory), ("I/O ports at ", .ports), ("Expansion ROM at ", .rom),
        ]
        for (words, kind) in kinds {
            guard var rest = text.after(words, in: piece) else { continue }
            var region = PCIDevice.Region(number: number, kind: kind)
            if let address = text.nextWord(&rest), text.hexadecimal(address) != nil {
                region.address = text.lowercased(address)
            }
            if kind == .memory {
                region.bits = text.has("64-bit", in: rest) ? 64 : text.has("32-bit", in: rest) ? 32 : nil
                region.prefetchable =
                    text.has("non-prefetchable", in: rest) ? false : text.has("prefetchable", in: rest) ? true : nil
            }
            region.disabled = text.has("[disabled]", in: rest)
            region.sizeBytes = text.find("[size=", in: rest).flatMap { text.size($0.upperBound..<rest.upperBound) }
            if reading.devices[last].regions.count < Self.mostRegions { reading.devices[last].regions.append(region) }
            return true
        }
        return false
    }

    private mutating func set(_ field: LSPCILabel.Field, _ value: ByteText.Piece) {
        switch field {
        case .className: setClass(value)
        case .vendor:
            let (name, id) = text.withoutID(value)
            reading.devices[last].vendor = recent.string(name, in: text)
            reading.devices[last].vendorID = text.spelled(id, or: name)
        case .device:
            let (name, id) = text.withoutID(value)
            reading.devices[last].deviceID = text.spelled(id, or: name)
            setDevice(name)
        case .subsystem: setSubsystem(value)
        case .subsystemVendor:
            let (name, id) = text.withoutID(value)
            reading.devices[last].subsystem = recent.string(name, in: text)
            reading.devices[last].subsystemVendorID = text.spelled(id, or: name)
        case .subsystemDevice:
            let (name, id) = text.withoutID(value)
            let vendor = reading.devices[last].subsystem.map { $0 + " " } ?? ""
            reading.devices[last].subsystem = vendor + text.cut(name)
            let unnamed = text.after("Device ", in: name) ?? name
            reading.devices[last].subsystemDeviceID = text.spelled(id, or: unnamed)
        case .revision: reading.devices[last].revision = recent.string(value, in: text)
        case .programmingInterface: reading.devices[last].programmingInterface = recent.string(value, in: text)
        case .driver: reading.devices[last].driver = recent.string(value, in: text)
        case .modules:
            var rest: ByteText.Piece? = value
            while let module = text.nextField(&rest, separator: UInt8(ascii: ",")).map({ text.trimmed($0) }) {
                guard !module.isEmpty, reading.devices[last].modules.count < Self.mostModules else { continue }
                let name = recent.string(module, in: text)
                reading.devices[last].modules.append(name)
            }
        case .iommuGroup: reading.devices[last].iommuGroup = text.integer(value)
        case .numaNode: reading.devices[last].numaNode = text.integer(value)
        case .physicalSlot: reading.devices[last].physicalSlot = recent.string(value, in: text)
        case .link: reading.devices[last].link = text.link(value)
        case .linkCapability: reading.devices[last].linkCapability = text.link(value)
        case .flags:
            // The group is here with -v, a line of its own from -vv on.
            if let found = text.find("IOMMU group ", in: value) {
                reading.devices[last].iommuGroup = text.numbers(found.upperBound..<value.upperBound, most: 1).first
            }
        }
    }

    /// "Tongfang Hongkong Limited Device 604e", "Device 1b4c:11bf", "Acer Incorporated [ALI] AD107M [1025:1731]"
    private mutating func setSubsystem(_ value: ByteText.Piece) {
        let (name, id) = text.withoutID(value)
        reading.devices[last].subsystem = recent.string(name, in: text)
        let word = text.findLast(UInt8(ascii: " "), in: name).map { $0 + 1..<name.upperBound } ?? name
        let ids = id ?? word
        if let (vendor, device) = text.halves(ids, at: ":") {
            guard text.isID(vendor), text.isID(device) else { return }
            reading.devices[last].subsystemVendorID = text.lowercased(vendor)
            reading.devices[last].subsystemDeviceID = text.lowercased(device)
        } else if text.isID(word), text.ends(name.lowerBound..<word.lowerBound, with: "Device ") {
            reading.devices[last].subsystemDeviceID = text.lowercased(word)
        }
    }

    // MARK: - -vmm and -x

    /// "Slot:	01:00.0", with -vm "Device:	01:00.0"
    private mutating func beginBlock(_ piece: ByteText.Piece) -> Bool {
        let first = text[piece.lowerBound]
        guard first == UInt8(ascii: "S") || first == UInt8(ascii: "D"),
            let value = text.after("Slot:", in: piece) ?? text.after("Device:", in: piece),
            let (address, rest) = PCIAddressText.leading(value, text), rest.isEmpty
        else { return false }
        inBlock = begin(address)
        return true
    }

    private mutating func addBlockField(_ piece: ByteText.Piece) {
        guard let (label, value) = label(piece) else { return }
        if let field = LSPCILabel.blocks.value(label, in: text) {
            set(field, value)
        } else {
            keep(label, value)
        }
    }

    /// "00: de 10 06 1b 07 00 10 00 a1 00 00 03 00 00 80 00": the device's own registers, which have its identifiers.
    private mutating func addHexadecimal(_ piece: ByteText.Piece) -> Bool {
        guard let (offset, bytes) = text.halves(piece, at: ": "), offset.count == 2 || offset.count == 3,
            let start = text.hexadecimal(offset), start % 16 == 0
        else { return false }
        guard start == 0 || start == 0x20 else { return true }
        let words = text.words(bytes, most: 16).compactMap { $0.count == 2 ? text.lowercased($0) : nil }
        guard words.count == 16 else { return true }
        if start == 0 {
            reading.devices[last].vendorID = words[1] + words[0]
            reading.devices[last].deviceID = words[3] + words[2]
            reading.devices[last].revision = words[8]
            reading.devices[last].programmingInterface = words[9]
            reading.devices[last].classID = words[11] + words[10]
        } else {
            reading.devices[last].subsystemVendorID = words[13] + words[12]
            reading.devices[last].subsystemDeviceID = words[15] + words[14]
        }
        return true
    }
}
