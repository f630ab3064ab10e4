import FoundationEssentials
import Testing

/// What Scripts/test made for these tests; without it they are skipped, with words.
enum Lane {
    private static let environment = ProcessInfo.processInfo.environment

    /// `PROVISION_E2E_LANE`: "quick" or "all".
    static var quick: Bool { environment["PROVISION_E2E_LANE"] != nil }
    static var all: Bool { environment["PROVISION_E2E_LANE"] == "all" }
    /// One test chosen by hand: `PROVISION_E2E_LANE=all swift test --filter …`.
    static var bin: String { environment["PROVISION_E2E_BIN"] ?? "" }
    static var runfiles: String { environment["PROVISION_E2E_RUNFILES"] ?? "" }
    static var image: String { environment["PROVISION_E2E_IMAGE"] ?? "" }
    static var package: String {
        // Tests/EndToEnd/Lane.swift → the package.
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    }

    static let quickHint: Comment = "run by Scripts/test, which makes the guest image and the runfiles"
    static let allHint: Comment = "run by Scripts/test --all"

    static func driver(_ version: String, suffix: String = "", arch: String = "x86_64") -> String {
        "\(runfiles)/NVIDIA-Linux-\(arch)-\(version)\(suffix).run"
    }

    static let cuda114 = "\(runfiles)/cuda_11.4.4_470.82.01_linux.run"
    static let cuda91 = "\(runfiles)/cuda_9.1.85_387.26_linux.run"
}

/// Every test here has the machine to itself: two VMs on two cores under emulation time each other out.
@Suite(.serialized) enum EndToEnd {}
