import Contract

/// A folder of package files to install from without a network.
enum OfflineFolder {
    /// The failure of a folder that has not all that is needed. `has`: what it has.
    static func lacks(_ names: [String], _ has: [String]) -> PackagesNotFound {
        PackagesNotFound(
            names: names,
            failure: .guest(
                .prerequisites, "install packages from the folder",
                "The folder of packages lacks \(names.joined(separator: ", ")).",
                evidence: has.isEmpty ? ["it has no packages for this guest"] : ["it has: "] + has.sorted().prefix(40),
                remedy: "Put these packages, with what they depend on, into the folder that --offline names."))
    }
}
