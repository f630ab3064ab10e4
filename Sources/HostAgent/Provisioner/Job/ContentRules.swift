import Contract
import Runfiles

/// Which options go together, and which do not.
extension JobContents {
    /// All that does not. Pure.
    func problems() -> [Failure] {
        var problems: [Failure] = []
        func refuse(_ refused: Bool, _ message: String, _ remedy: String) {
            guard refused else { return }
            problems.append(
                Failure(.optionInvalid, operation: "check the options", message: message, remedy: remedy, side: .host))
        }
        guard undo == nil else {
            refuse(
                generalise, "An image that many machines stand on keeps the guest agent, which an undo takes out.",
                "Leave --generalise out.")
            return problems
        }
        refuse(
            driver == nil && cuda.isEmpty && telemetry == nil, "There is nothing to install.",
            "Name the driver's runfile with --driver, CUDA's with --cuda.")
        for (given, option) in [
            (kernelModules != nil, "--kernel-module-type"), (signing != nil, "--module-signing-key"),
            (persistenceDaemon, "--persistence-daemon"),
        ] {
            refuse(
                given && driver == nil, "\(option) is about the driver, and none is named.", "Name it with --driver.")
        }
        if let seconds = telemetry?.intervalSeconds {
            refuse(
                !TelemetryRecipe.intervals.contains(seconds), "nvidia-smi cannot be asked every \(seconds) seconds.",
                "Give --telemetry-interval seconds from 0.1 to 3600.")
        }
        for (given, option) in [
            (samples != nil, "--samples"), (nvbandwidth != nil, "--nvbandwidth"),
        ] {
            refuse(
                given && cuda.isEmpty, "\(option) is about CUDA, and no toolkit is named.",
                "Name the toolkit's runfile with --cuda.")
        }
        refuse(
            updatePackages && keepKernel, "--update-packages may bring another kernel, which --keep-kernel refuses.",
            "Leave one of them out.")
        refuse(
            updatePackages && offlinePackages != nil,
            "--update-packages takes packages from the network, which --offline does without.", "Leave one of them out."
        )
        return problems
    }

    /// Why this driver cannot have the kernel modules that are asked for; nil where it can. Pure.
    func moduleProblem(driver version: ToolVersion) -> Failure? {
        guard kernelModules == .open, version.major < Self.firstWithOpenModules else { return nil }
        return Failure(
            .optionInvalid, operation: "check the options",
            message: "Driver \(version) has no open kernel modules; they came with \(Self.firstWithOpenModules).",
            remedy: "Leave --kernel-module-type out, or take a newer driver.", side: .host)
    }

    /// Source: NVIDIA/open-gpu-kernel-modules, whose first release is 515.43.04.
    private static let firstWithOpenModules = 515
}
