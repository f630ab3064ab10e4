/// The ways in which nvidia-smi says that it could not do its work. Its exit status says less: these texts are the
/// diagnosis.
public enum SMIFailure: Equatable, Sendable {
    /// "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver": the module is not loaded.
    case couldNotCommunicate
    /// "No devices were found": the module is loaded and has no GPU that works.
    case noDevices
    /// "Driver/library version mismatch": the loaded module is of another version than the libraries, after an update
    /// without a reboot. The libraries' version is told from 550 on.
    case versionMismatch(library: String?)
    /// "Failed to initialize NVML: Unknown Error": in containers, lost access to the devices.
    case unknownNVMLError
    /// "Insufficient Permissions", for NVML or a GPU.
    case insufficientPermissions
    /// "Failed to initialize NVML: " and another reason.
    case nvml(reason: String)
    /// "couldn't find libnvidia-ml.so": a driver without its libraries.
    case libraryMissing
    /// "Unable to determine the device handle for GPU 0000:0A:00.0: GPU is lost": the GPU as printed, and the reason.
    case deviceHandle(gpu: String, reason: String)

    /// The failures that `text` tells, in order. They can precede output that is fine, for other GPUs.
    ///
    /// - Parameter text: what nvidia-smi printed, standard output or standard error.
    /// - Returns: one for each line that tells one; empty for output of another kind.
    public static func all(in text: String) -> [SMIFailure] {
        var failures: [SMIFailure] = []
        for (_, line) in Lines(text) {
            let line = line.trimmed
            if let failure = SMIFailure(line: line) {
                failures.append(failure)
            } else if let version = line.after("NVML library version:"),
                case .versionMismatch(library: nil) = failures.last
            {
                failures[failures.count - 1] = .versionMismatch(library: version.cut)
            }
        }
        return failures
    }

    /// The first failure that `text` tells, nil where it tells none.
    public init?(parsing text: String) {
        guard let first = Self.all(in: text).first else { return nil }
        self = first
    }

    private init?(line: Substring) {
        if line.hasPrefix("NVIDIA-SMI has failed because it couldn't communicate") {
            self = .couldNotCommunicate
        } else if line.hasPrefix("NVIDIA-SMI couldn't find libnvidia-ml") {
            self = .libraryMissing
        } else if line.hasPrefix("No devices were found") {
            self = .noDevices
        } else if let reason = line.after("Failed to initialize NVML:") {
            switch reason {
            case "Driver/library version mismatch": self = .versionMismatch(library: nil)
            case "Unknown Error": self = .unknownNVMLError
            case "Insufficient Permissions": self = .insufficientPermissions
            default: self = .nvml(reason: reason.cut)
            }
        } else if let handle = Self.handles.lazy.compactMap({ line.after($0) }).first {
            // "GPU 0000:0A:00.0: GPU is lost", "GPU1: 0000:34:00.0: Unknown Error": the reason is behind the last ": ".
            guard let colon = handle.lastIndex(of: ":") else { return nil }
            let reason = handle[handle.index(after: colon)...].trimmed
            if reason == "Insufficient Permissions" {
                self = .insufficientPermissions
            } else {
                self = .deviceHandle(gpu: handle[..<colon].trimmed.cut, reason: reason.cut)
            }
        } else {
            return nil
        }
    }

    private static let handles = [
        "Unable to determine the device handle for", "Unable to detect the device handle for",
    ]
}
