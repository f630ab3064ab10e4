/// One element of DER, the encoding of keys and certificates (X.690): a tag and its contents. Just enough of it to look
/// into what the user gave, since a guest may have no openssl.
struct DERElement: Equatable {
    var tag: UInt8
    var contents: ArraySlice<UInt8>

    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let sequence: UInt8 = 0x30

    /// Reads the element at the beginning of `bytes` and leaves what is behind it; nil for what is no DER.
    init?(_ bytes: inout ArraySlice<UInt8>) {
        guard bytes.count >= 2, let tag = bytes.popFirst(), let short = bytes.popFirst() else { return nil }
        var length = Int(short)
        if short >= 0x80 {
            let count = Int(short & 0x7f)
            guard (1...4).contains(count), bytes.count >= count else { return nil }
            length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(count)
        }
        guard bytes.count >= length else { return nil }
        self.tag = tag
        contents = bytes.prefix(length)
        bytes = bytes.dropFirst(length)
    }

    /// All elements of `bytes`, nil where something else is among them.
    static func all(in bytes: ArraySlice<UInt8>) -> [DERElement]? {
        var rest = bytes
        var elements: [DERElement] = []
        while !rest.isEmpty {
            guard let element = DERElement(&rest) else { return nil }
            elements.append(element)
        }
        return elements
    }

    /// The one element that is all of `bytes`.
    static func one(in bytes: ArraySlice<UInt8>) -> DERElement? {
        guard let elements = all(in: bytes), elements.count == 1 else { return nil }
        return elements[0]
    }

    /// The elements in it.
    var children: [DERElement]? { Self.all(in: contents) }
}
