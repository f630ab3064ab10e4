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

    /// The failure of an installation from a folder that has what was asked for. Of the reasons that are left, something
    /// that it depends on is by far the likeliest; the evidence names it.
    static func explaining(_ error: any Error) -> any Error {
        guard var failure = error as? Failure, failure.code == .prerequisites else { return error }
        failure.message = "The packages of the folder could not be installed."
        failure.remedy =
            "Put what they depend on, as the evidence names it, into the folder that --offline names as well."
        return failure
    }
}
