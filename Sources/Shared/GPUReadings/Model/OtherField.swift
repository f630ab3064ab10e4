/// A field under a name that the library does not know, kept as it was printed.
public struct OtherField: Equatable, Sendable, Encodable {
    /// Names from the outermost to its own, as printed: "power_readings/power_hum", "Power Readings/Power Hum"; a column's.
    public var path: String
    /// Its text, cut to 200 bytes.
    public var text: String

    /// A field.
    public init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}
