internal import CExpat

/// Puts the line end and the indentation between two tags into the first of them: `<a>\n\t<b>` becomes `<a\n\t><b>`.
///
/// To XML both are the same, but expat makes two texts of what is between tags, and a handler is called for each: two thirds
/// of all calls. Nothing changes its length, and line ends stay in front of the tag that they were in front of, so that
/// every place and every line is still the same.
///
/// Only a ">" behind "<name" or "</name" is moved. There "<" begins a tag, or is in what nobody reads (a comment, an
/// instruction, a literal of the DTD), or is an error itself, which comes first; CDATA turns all of this off.
struct TagClosings {
    /// What is left as it is: all of it, where text may hold what looks like tags.
    static let none = TagClosings(isOff: true)

    private var isOff = false

    init() {}

    private init(isOff: Bool) { self.isOff = isOff }

    /// What expat is given in place of the next piece of a document, which ends behind a tag where more follows.
    mutating func moved(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var moved = Array(bytes)
        let end = moved.count
        moved.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            if !isOff {
                // Zero behind the first byte is how UTF-16 begins.
                isOff = end > 1 && bytes[1] == 0 || Self.mayHaveCDATA(UnsafeRawBufferPointer(bytes), start)
            }
            guard !isOff else { return }
            var index = 0
            while true {
                index += Int(expat_find(start + index, 0x0a, UInt(end - index)))
                guard index < end else { return }
                var closing = index - 1
                if closing > 0, bytes[closing] == 0x0d { closing -= 1 }
                index += 1
                while index < end, bytes[index] == 0x09 || bytes[index] == 0x20 { index += 1 }
                guard index + 1 < end, bytes[index] == UInt8(ascii: "<"), (bytes[index + 1] | 0x20) &- 0x61 < 26,
                    closing > 0, bytes[closing] == UInt8(ascii: ">"), Self.isTag(UnsafeRawBufferPointer(bytes), closing)
                else { continue }
                if bytes[closing + 1] == 0x0d {
                    bytes[closing] = 0x0d
                    closing += 1
                }
                // Blanks are alike to XML: all of them but the first can stay where they are.
                bytes[closing] = 0x0a
                if closing + 1 < index - 1 { bytes[closing + 1] = bytes[index - 1] }
                bytes[index - 1] = UInt8(ascii: ">")
            }
        }
        return moved
    }

    /// Whether what ends with the ">" at this place is "<name>" or "</name>". Names have no ">", so that nothing is looked
    /// at twice.
    private static func isTag(_ bytes: UnsafeRawBufferPointer, _ closing: Int) -> Bool {
        var index = closing - 1
        while index > 0, isOfName(bytes[index]) { index -= 1 }
        guard index < closing - 1 else { return false }
        return bytes[index] == UInt8(ascii: "<")
            || bytes[index] == UInt8(ascii: "/") && index > 0 && bytes[index - 1] == UInt8(ascii: "<")
    }

    /// Letters, digits and "_": what nvidia-smi's names have.
    private static func isOfName(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte == 0x5f || byte &- 0x30 < 10
    }

    /// Whether "<![CDATA[" may begin in it, or may have begun in the piece before.
    private static func mayHaveCDATA(_ bytes: UnsafeRawBufferPointer, _ start: UnsafePointer<CChar>) -> Bool {
        var index = 0
        while true {
            index += Int(expat_find(start + index, 0x5b, UInt(bytes.count - index)))
            guard index < bytes.count else { return false }
            if index == 0 || bytes[index - 1] == UInt8(ascii: "A") { return true }
            index += 1
        }
    }
}
