/// What stands before the words of a log line: time stamps, a syslog tag, an installer's arrow. A message that runs over
/// several lines is one text only without them.
enum LinePrefix {
    /// How many normalised bytes of a line may belong to its prefix.
    static let longest = 128

    /// The length of the prefix of a normalised line. Kernel lines of NVIDIA's module begin "NVRM: ", on each line of a
    /// message: that goes as well.
    static func length(_ line: [UInt8]) -> Int {
        var rest = line.prefix(longest)
        while let shorter = stripped(rest), shorter.count < rest.count { rest = shorter }
        return min(line.count, longest) - rest.count
    }

    private static let marks: [[UInt8]] = ["nvrm: ", "-> ", "> ", "| ", "+ "].map { Array($0.utf8) }
    private static let months = Set(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map { Array($0.utf8) })
    private static let weekdays = Set(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map { Array($0.utf8) })

    private static func stripped(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = line.first else { return nil }
        if first == 0x20 { return line.dropFirst() }
        for mark in marks where line.starts(with: mark) { return line.dropFirst(mark.count) }
        switch first {
        case UInt8(ascii: "["): return bracket(line)
        case UInt8(ascii: "<"): return priority(line)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return timeStamp(line)
        default: return syslog(line)
        }
    }

    /// "[ 12.345678] ", "[ t123] ", "[tue aug 26 16:02:52 2025] ", "[2024-03-11 17:34:36] ".
    private static func bracket(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = line.firstIndex(of: UInt8(ascii: "]")), end - line.startIndex <= 40 else { return nil }
        let inside = line[(line.startIndex + 1)..<end].drop { $0 == 0x20 }
        let caller = inside.first.map { $0 == UInt8(ascii: "t") || $0 == UInt8(ascii: "c") } ?? false
        guard
            inside.allSatisfy(isTime) || weekdays.contains(Array(inside.prefix(3)))
                || (caller && inside.count > 1 && inside.dropFirst().allSatisfy(isDigit))
        else { return nil }
        return line[(end + 1)...]
    }

    /// "<4>"
    private static func priority(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let digits = line.dropFirst().prefix(while: isDigit)
        guard (1...3).contains(digits.count), digits.endIndex < line.endIndex,
            line[digits.endIndex] == UInt8(ascii: ">")
        else { return nil }
        return line[(digits.endIndex + 1)...]
    }

    /// "2022-11-02t18:33:01.137z ", "12:33:44 ", and the host and tag behind it.
    private static func timeStamp(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let stamp = line.prefix { isTime($0) && $0 != 0x20 }
        guard
            stamp.count(where: { $0 == UInt8(ascii: ":") }) >= 2
                || stamp.count(where: { $0 == UInt8(ascii: "-") }) == 2,
            stamp.endIndex < line.endIndex, line[stamp.endIndex] == 0x20
        else { return nil }
        let rest = line[(stamp.endIndex + 1)...]
        return tagged(rest) ?? rest
    }

    /// "nov 15 14:15:47 host tag[123]: ", or `journalctl -o short-full`'s "fri 2024-11-15 14:15:47 utc host tag[123]: ".
    private static func syslog(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if weekdays.contains(Array(line.prefix(3))) {
            let parts = line.split(separator: 0x20, maxSplits: 4, omittingEmptySubsequences: true)
            guard parts.count == 5, parts[0].count == 3, parts[1].allSatisfy(isTime), parts[2].allSatisfy(isTime),
                parts[2].contains(UInt8(ascii: ":"))
            else { return nil }
            return tagged(parts[4]) ?? parts[4]
        }
        guard months.contains(Array(line.prefix(3))) else { return nil }
        let parts = line.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: true)
        guard parts.count == 4, parts[1].allSatisfy(isDigit), parts[2].contains(UInt8(ascii: ":")) else { return nil }
        return tagged(parts[3]) ?? parts[3]
    }

    /// Without "host tag[123]: " or "host kernel: ".
    private static func tagged(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count == 3, parts[1].last == UInt8(ascii: ":") else { return nil }
        return parts[2]
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isTime(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x20, UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "t"), UInt8(ascii: "z"), UInt8(ascii: ","):
            true
        default: false
        }
    }
}
