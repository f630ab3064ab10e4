/// A machine's name for itself, and how its host hands it in.
public enum Hostname {
    /// The most bytes: Linux's HOST_NAME_MAX.
    public static let limit = 64

    /// Stands in front of the name in an SMBIOS type 11 string, which the guest reads before it has a network.
    public static let smbiosPrefix = "provision-gpu-vm:hostname="

    /// Whether `name` is one (RFC 952 and 1123): labels of ASCII letters, digits and inner dashes, 63 at most each, with dots
    /// between them.
    public static func isValid(_ name: String) -> Bool {
        guard name.utf8.count <= limit else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
