/// The version of a distribution's release: "9.4", "24.04", "42".
public struct ReleaseVersion: Comparable, Sendable, CustomStringConvertible {
    public var major: Int
    public var minor: Int?
    /// As it was written: "24.04".
    public var description: String

    /// Reads "MAJOR[.MINOR]…"; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let major = Int(first) else { return nil }
        self.major = major
        minor = parts.count > 1 ? Int(parts[1].prefix(while: \.isNumber)) : nil
        description = text
    }

    public static func < (one: ReleaseVersion, other: ReleaseVersion) -> Bool {
        (one.major, one.minor ?? 0) < (other.major, other.minor ?? 0)
    }

    public static func == (one: ReleaseVersion, other: ReleaseVersion) -> Bool {
        (one.major, one.minor ?? 0) == (other.major, other.minor ?? 0)
    }
}
