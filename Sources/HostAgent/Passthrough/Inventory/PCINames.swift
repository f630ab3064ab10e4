public import Host

/// Names of PCI devices from the host's pci.ids: of those asked for, nothing else of its forty thousand lines is kept.
public struct PCINames: Equatable, Sendable {
    fileprivate struct Pair: Hashable {
        var vendor: UInt16
        var device: UInt16
    }

    fileprivate struct Subsystem: Hashable {
        var device: Pair
        var board: Pair
    }

    private var vendors: [UInt16: String] = [:]
    private var devices: [Pair: String] = [:]
    private var subsystems: [Subsystem: String] = [:]
    /// The lines that were of use, as they stand.
    private(set) var lines: [String] = []

    /// Where distributions keep it: Debian and Ubuntu; Fedora, RHEL, Arch; SUSE; update-pciids.
    static let files = [
        "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids", "/var/lib/pciutils/pci.ids",
    ]

    /// The names of `devices`, from the first list that `tree` has; none where it has none.
    public init(_ tree: any HostTree, for devices: [HostPCIDevice]) {
        for file in Self.files {
            // It is 1.5 MB today.
            guard case .success(let bytes) = tree.read(file, limit: 16 << 20), !bytes.isEmpty else { continue }
            self = PCINames(bytes, for: devices)
            return
        }
    }

    /// The names of `devices` in the text of a pci.ids.
    init(_ bytes: [UInt8], for wanted: [HostPCIDevice]) {
        let boards = Set(wanted.compactMap { $0.board })
        let ids = Set(wanted.map { Pair(vendor: $0.vendor, device: $0.device) })
        let makers = Set(ids.map(\.vendor) + boards.map(\.board.vendor))
        var vendor: UInt16?
        var device: Pair?
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            // "C 03  Display controller": the classes, the last part.
            if line.first == UInt8(ascii: "C") { break }
            if line.first == UInt8(ascii: "#") { continue }
            let depth = line.prefix(2).prefix { $0 == UInt8(ascii: "\t") }.count
            if depth == 0 {
                vendor = number(line, at: 0).flatMap { makers.contains($0) ? $0 : nil }
                device = nil
                if let vendor { vendors[vendor] = keep(line, name: 4) }
            } else if let vendor, depth == 1 {
                device = number(line, at: 1).map { Pair(vendor: vendor, device: $0) }.flatMap {
                    ids.contains($0) ? $0 : nil
                }
                if let device { devices[device] = keep(line, name: 5) }
            } else if let device, let one = number(line, at: 2), let two = number(line, at: 7) {
                let subsystem = Subsystem(device: device, board: Pair(vendor: one, device: two))
                if boards.contains(subsystem) { subsystems[subsystem] = keep(line, name: 11) }
            }
        }
    }

    private mutating func keep(_ line: ArraySlice<UInt8>, name offset: Int) -> String {
        lines.append(String(decoding: line, as: UTF8.self))
        return String(decoding: line.dropFirst(offset).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
    }

    /// The maker of the chip: "NVIDIA Corporation".
    public func vendor(of device: HostPCIDevice) -> String? { vendors[device.vendor] }

    /// The chip, and what it is sold as: "GP107 [GeForce GTX 1050 Ti]".
    public func name(of device: HostPCIDevice) -> String? {
        devices[Pair(vendor: device.vendor, device: device.device)]
    }

    /// The board: "PH-GTX1050TI-4G"; its maker's name where the list has no more.
    public func subsystem(of device: HostPCIDevice) -> String? {
        guard let board = device.board else { return nil }
        return subsystems[board] ?? vendors[board.board.vendor]
    }
}

extension HostPCIDevice {
    fileprivate var board: PCINames.Subsystem? {
        guard let subsystemVendor, let subsystemDevice else { return nil }
        return PCINames.Subsystem(
            device: PCINames.Pair(vendor: vendor, device: device),
            board: PCINames.Pair(vendor: subsystemVendor, device: subsystemDevice))
    }
}

/// Four hexadecimal digits at an offset of a line, with a blank after them.
private func number(_ line: ArraySlice<UInt8>, at offset: Int) -> UInt16? {
    let word = line.dropFirst(offset)
    guard word.count > 4, word[word.startIndex + 4] == UInt8(ascii: " ") else { return nil }
    var value: UInt16 = 0
    for byte in word.prefix(4) {
        guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
        value = value << 4 | UInt16(digit)
    }
    return value
}

extension HostRecording {
    /// Leaves of pci.ids the lines that name devices of the recorded host.
    public mutating func shortenPCINames() {
        let devices = HostPCI(RecordedTree(self)).allDevices()
        for file in PCINames.files {
            guard case .found(let content)? = files[file] else { continue }
            let lines = PCINames(content.bytes, for: devices).lines
            files[file] = .found(Content(bytes: Array((lines.joined(separator: "\n") + "\n").utf8)))
        }
    }
}
