/// PCI addresses as the kernel spells them.
enum PCIAddressText {
    /// "0000:0a:00.0"; nil where a number is out of its range.
    static func spelled(domain: Int, bus: Int, device: Int, function: Int = 0) -> String? {
        guard (0...0xffff_ffff).contains(domain), (0...0xff).contains(bus), (0...0x1f).contains(device),
            (0...7).contains(function)
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        add(domain, domain > 0xffff ? 8 : 4, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        add(bus, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        add(device, 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        add(function, 1, to: &bytes)
        // As the kernel does: four digits at least, no more than are needed.
        return String(
            decoding: bytes[(domain > 0xffff ? bytes.prefix(7).firstIndex { $0 != 0x30 } ?? 0 : 0)...], as: UTF8.self)
    }

    private static func add(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
        for place in stride(from: (width - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> place) & 0xf
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}

extension PCIAddressText {
    /// The address that `piece` begins with, "01:00.0" or "0000:01:00.0" (or with a longer domain), and what follows it,
    /// trimmed. Nil where it begins with none. A domain that is not there is 0.
    static func leading(_ piece: ByteText.Piece, _ text: ByteText) -> (String, ByteText.Piece)? {
        var rest = piece
        guard let word = text.nextWord(&rest), (7...16).contains(word.count) else { return nil }
        let end = word.upperBound
        guard text[end - 2] == UInt8(ascii: "."), text[end - 5] == UInt8(ascii: ":"),
            (0..<8).contains(text[end - 1] &- 0x30),
            let device = text.hexadecimal(end - 4..<end - 2), let bus = text.hexadecimal(end - 7..<end - 5)
        else { return nil }
        var domain: UInt64 = 0
        if word.count > 7 {
            guard text[end - 8] == UInt8(ascii: ":"), let number = text.hexadecimal(word.lowerBound..<end - 8) else {
                return nil
            }
            domain = number
        }
        guard domain <= 0xffff_ffff,
            let spelled = spelled(
                domain: Int(domain), bus: Int(bus), device: Int(device), function: Int(text[end - 1] &- 0x30))
        else { return nil }
        return (spelled, text.trimmed(rest))
    }
}
