import Contract

/// What a package manager's output means. Rows are tried in order.
struct PackageDiagnosis: Sendable {
    var patterns: [String]
    var code: FailureCode
    var message: String
    var remedy: String
    var retryable: Bool
    /// It is also why packages are not found: their source was left out, or there is none.
    var explainsAbsence: Bool

    init(_ patterns: [String], _ code: FailureCode, _ message: String, _ remedy: String, retryable: Bool = false) {
        self.patterns = patterns
        self.code = code
        self.message = message
        self.remedy = remedy
        self.retryable = retryable
        explainsAbsence = retryable
    }

    /// The same where a source with this trouble is left out, as if it had no packages.
    var explainingAbsence: PackageDiagnosis {
        var diagnosis = self
        diagnosis.explainsAbsence = true
        return diagnosis
    }

    static func locked(_ patterns: String...) -> PackageDiagnosis {
        PackageDiagnosis(
            patterns, .packagesLocked, "Another process held the package manager for ten minutes.",
            "Let unattended upgrades finish, or stop them in the image, and run the same command again.",
            retryable: true)
    }

    static func space(_ patterns: String...) -> PackageDiagnosis {
        PackageDiagnosis(
            ["No space left on device"] + patterns, .guestSpace, "The guest's disk is too small for the packages.",
            "Grow the disk (--disk-size).")
    }

    static func network(_ patterns: String...) -> PackageDiagnosis {
        PackageDiagnosis(
            ["Could not resolve host", "Network is unreachable", "Connection refused"] + patterns, .prerequisites,
            "Packages are missing and the guest cannot reach its mirrors.",
            "Give the guest a network, a mirror or a proxy that it reaches, an image with gcc, make and the kernel headers inside, or the packages themselves (--offline).",
            retryable: true)
    }

    static func unregistered(_ patterns: String...) -> PackageDiagnosis {
        PackageDiagnosis(
            patterns, .prerequisites, "The guest has no package sources: there are none, or it is not registered.",
            "Give the image sources, or register it with its vendor (subscription-manager, SUSEConnect), or give the packages themselves (--offline)."
        ).explainingAbsence
    }

    static func untrusted(_ patterns: String...) -> PackageDiagnosis {
        PackageDiagnosis(
            patterns, .prerequisites, "The packages' signatures are not trusted by the guest.",
            "Bring the image's keyring up to date, and set its clock.")
    }

    static let deadline = PackageDiagnosis(
        [], .deadline, "The package manager did not end in time.",
        "Look at the guest's network and its mirrors; run the same command again.", retryable: true)

    static let unknown = PackageDiagnosis(
        [], .prerequisites, "The package manager failed.",
        "Put gcc, make and the headers of the running kernel into the image, or mend its package sources.")

    static let notFound = PackageDiagnosis(
        [], .prerequisites, "Packages are missing and the guest's sources do not offer them.",
        "Put gcc, make and the headers of the running kernel into the image, or working package sources.")
}

/// Names in lines such as "E: Unable to locate package NAME".
struct NotFoundPattern: Sendable {
    var before: String
    var after: String

    init(_ before: String, _ after: String = "") {
        self.before = before
        self.after = after
    }

    /// The names in a line; several where they are listed with commas or blanks.
    func names(in line: String) -> [String] {
        guard let start = line.firstRange(of: before)?.upperBound else { return [] }
        var rest = line[start...]
        if !after.isEmpty {
            guard let end = rest.firstRange(of: after)?.lowerBound else { return [] }
            rest = rest[..<end]
        }
        return rest.split { $0 == "," || $0.isWhitespace }.map { String($0) }
    }
}
