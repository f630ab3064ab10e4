/// Strings that the host's firmware tables have for anyone: SMBIOS type 11, "OEM strings" (DMTF DSP0134, 6.1 and 7.12).
public enum SMBIOSStrings {
    /// The most bytes of tables that are looked at; a table of version 2 has 64 KiB at most.
    static let limit = 1 << 20
    /// The most strings that are kept.
    static let countLimit = 256

    /// Those of the running machine, empty where its kernel shows none.
    ///
    /// Kernels from 4.2 on have the tables as one file; older ones a file for each structure, where dmi-sysfs is loaded.
    public static func oem(_ root: SystemRoot) -> [String] {
        if let table = try? root.bytes("/sys/firmware/dmi/tables/DMI", limit: limit) { return oem(table) }
        let entries = "/sys/firmware/dmi/entries"
        let structures = root.list(entries).filter { $0.hasPrefix("11-") }.prefix(countLimit)
        return structures.flatMap { (try? root.bytes("\(entries)/\($0)/raw", limit: limit)).map(oem) ?? [] }
    }

    /// Those of a table: structures one after the other, each of formatted bytes and the strings behind them. Pure; what is
    /// cut off or makes no sense ends the reading.
    public static func oem(_ table: [UInt8]) -> [String] {
        var strings: [String] = []
        var rest = table[...]
        while rest.count >= 4, strings.count < countLimit {
            let (type, length) = (rest[rest.startIndex], Int(rest[rest.startIndex + 1]))
            guard type != endOfTable, length >= 4, length <= rest.count else { break }
            let count = type == oemStrings && length > 4 ? Int(rest[rest.startIndex + 4]) : 0
            rest = rest.dropFirst(length)
            guard let texts = takeStrings(&rest) else { break }
            strings += texts.prefix(count).map { String(decoding: $0, as: UTF8.self) }
        }
        return Array(strings.prefix(countLimit))
    }

    private static let oemStrings: UInt8 = 11
    private static let endOfTable: UInt8 = 127

    /// The strings behind a structure: each ends with a zero, and all with one more; without any there are two zeros. Nil where
    /// that end is missing.
    private static func takeStrings(_ rest: inout ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var texts: [ArraySlice<UInt8>] = []
        while let end = rest.firstIndex(of: 0) {
            let text = rest[..<end]
            rest = rest[(end + 1)...]
            guard text.isEmpty else {
                texts.append(text)
                continue
            }
            if texts.isEmpty { rest = rest.dropFirst() }
            return texts
        }
        return nil
    }
}
