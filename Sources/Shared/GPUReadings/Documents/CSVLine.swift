/// nvidia-smi's CSV: which lines are its header, and which rows tell by themselves what they are.
enum CSVLine {
    /// Columns whose names have no point, and the first parts of those that have one, from `--help-query-gpu` and its like
    /// (550 to 610). One of them is enough for a header, so a new field does not hide it.
    private static let known = LabelTable<Bool>(
        (columns.map { ($0, false) } + families.map { ($0, true) }).map { (label: $0.0, value: $0.1) })
    private static let columns = [
        "timestamp", "name", "index", "count", "uuid", "serial", "pstate", "driver_version", "kmd_version",
        "vbios_version", "compute_cap", "compute_mode", "persistence_mode", "addressing_mode", "display_active",
        "display_attached", "display_mode", "gpu_name", "gpu_bus_id", "gpu_serial", "gpu_uuid", "gpu_recovery_action",
        "hostname", "pid", "process_name", "used_gpu_memory", "used_memory", "vgpu_instance", "gpu_utilization",
        "mem_utilization", "max_memory_usage", "time",
    ]
    private static let families = [
        "accounting", "bbx", "c2c", "clocks", "clocks_event_reasons", "clocks_event_reasons_counters",
        "clocks_throttle_reasons", "dramencryption", "driver_model", "ecc", "encoder", "enforced", "fabric", "fan",
        "gom",
        "gpu_operation_mode", "gpu", "gsp", "inforom", "memory", "mig", "module", "pci", "pcie", "platform", "power",
        "power_smoothing", "protected_memory", "remapped_rows", "retired_pages", "temperature", "utilization",
        "vgpu_device_capability", "vgpu_driver_capability",
    ]

    /// How many columns the header has; nil where the line is none: every cell is a name with or without a unit, and one
    /// of them is known.
    static func headerColumns(_ line: ByteText.Piece, _ text: ByteText) -> Int? {
        // Cheap first: a name begins with a small letter.
        guard let first = line.first, text[first] &- 0x61 < 26 else { return nil }
        var rest: ByteText.Piece? = line
        var count = 0
        var isKnown = false
        while let cell = text.nextField(&rest, separator: UInt8(ascii: ",")) {
            var name = text.trimmed(cell)
            guard !name.isEmpty else { return nil }
            if text[name.upperBound - 1] == UInt8(ascii: "]") {
                guard let (before, _) = text.halves(name, at: " [") else { return nil }
                name = before
            }
            guard isName(name, text) else { return nil }
            if let point = text.find(UInt8(ascii: "."), in: name) {
                isKnown = isKnown || known.value(name.lowerBound..<point, in: text) == true
            } else {
                isKnown = isKnown || known.value(name, in: text) == false
            }
            count += 1
        }
        return isKnown ? count : nil
    }

    private static func isName(_ name: ByteText.Piece, _ text: ByteText) -> Bool {
        guard let first = name.first, (text[first] | 0x20) &- 0x61 < 26 else { return false }
        return name.allSatisfy { index in
            let byte = text[index]
            return (byte | 0x20) &- 0x61 < 26 || ByteText.isDigit(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".")
        }
    }

    /// Whether it reads like the name of a column and not like a value: "clocks.current.sm".
    static func isDottedName(_ said: ByteText.Piece, _ text: ByteText) -> Bool {
        guard let first = said.first, text[first] &- 0x61 < 26, text.find(UInt8(ascii: "."), in: said) != nil else {
            return false
        }
        return isName(said, text)
    }

    /// How many cells a row has that no header precedes; nil where nothing in it tells that nvidia-smi printed it: an UUID of
    /// a GPU, a PCI address, or its way to print the time.
    static func tellingColumns(_ line: ByteText.Piece, _ text: ByteText) -> Int? {
        var rest: ByteText.Piece? = line
        var count = 0
        var tells = false
        while let cell = text.nextField(&rest, separator: UInt8(ascii: ",")) {
            count += 1
            guard rest != nil || count > 1 else { return nil }
            let value = text.trimmed(cell)
            guard !tells else { continue }
            switch value.count {
            case 12, 16: tells = LineOpening.isAddress(value, text)
            case 23: tells = isTimestamp(value, text)
            case 40: tells = text.starts(value, with: "GPU-") || text.starts(value, with: "MIG-")
            default: break
            }
        }
        return tells ? count : nil
    }

    /// "2024/10/30 18:42:33.189"
    private static func isTimestamp(_ value: ByteText.Piece, _ text: ByteText) -> Bool {
        for (place, mark): (Int, StaticString) in [(4, "/"), (7, "/"), (10, " "), (13, ":"), (16, ":"), (19, ".")]
        where !text.starts(value.lowerBound + place..<value.upperBound, with: mark) {
            return false
        }
        return text.integer(value.lowerBound..<value.lowerBound + 4) != nil
    }

    /// How many cells a row has.
    static func cells(_ line: ByteText.Piece, _ text: ByteText) -> Int {
        var count = 1
        for index in line where text[index] == UInt8(ascii: ",") { count += 1 }
        return count
    }
}
