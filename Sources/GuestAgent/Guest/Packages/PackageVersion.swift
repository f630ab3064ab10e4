/// A package's version as RPM and pacman compare them: `EPOCH:VERSION-RELEASE`, the epoch being 0 where there is none.
struct PackageVersion: Comparable, Sendable {
    let epoch: Int
    let version: String

    /// Reads it; RPM writes "(none)" for an epoch that is not there.
    init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        epoch = parts.count > 1 ? Int(parts[0]) ?? 0 : 0
        version = parts.last.map { String($0) } ?? ""
    }

    static func < (one: PackageVersion, other: PackageVersion) -> Bool {
        one.epoch == other.epoch
            ? InstalledKernels.precedes(one.version, other.version) : one.epoch < other.epoch
    }
}
