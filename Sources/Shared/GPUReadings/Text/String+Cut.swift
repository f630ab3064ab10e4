extension StringProtocol {
    /// At most 200 bytes of it, for error messages.
    var cut: String {
        let bytes = utf8.prefix(201)
        return bytes.count > 200 ? String(decoding: bytes.prefix(197), as: UTF8.self) + "..." : String(self)
    }
}
