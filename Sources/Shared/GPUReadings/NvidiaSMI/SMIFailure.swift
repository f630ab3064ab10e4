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
    public static func all(in text: String) -> [SMIFailure] { all(in: ByteText(text)).map(\.failure) }

    /// The failures, and the lines that tell them.
    static func all(in text: ByteText) -> [(line: Int, failure: SMIFailure)] {
        var failures: [(line: Int, failure: SMIFailure)] = []
        for line in text.lines {
            if let failure = SMIFailure(text, line.piece) {
                failures.append((line.number, failure))
            } else if case .versionMismatch(library: nil) = failures.last?.failure,
                let version = text.after("NVML library version:", in: text.trimmed(line.piece))
            {
                failures[failures.count - 1].failure = .versionMismatch(library: text.cut(version))
            }
        }
        return failures
    }

    /// The first failure that `text` tells, nil where it tells none.
    public init?(parsing text: String) {
        guard let first = Self.all(in: text).first else { return nil }
        self = first
    }

    /// The failure that a line tells.
    init?(_ text: ByteText, _ line: ByteText.Piece) {
        let line = text.trimmed(line)
        // All of them begin with one of three letters.
        guard line.count > 16, [0x4e, 0x46, 0x55].contains(text[line.lowerBound]) else { return nil }
        if text.starts(line, with: "NVIDIA-SMI has failed because it couldn't communicate") {
            self = .couldNotCommunicate
        } else if text.starts(line, with: "NVIDIA-SMI couldn't find libnvidia-ml") {
            self = .libraryMissing
        } else if text.starts(line, with: "No devices were found") {
            self = .noDevices
        } else if let reason = text.after("Failed to initialize NVML:", in: line) {
            switch text.string(reason) {
            case "Driver/library version mismatch": self = .versionMismatch(library: nil)
            case "Unknown Error": self = .unknownNVMLError
            case "Insufficient Permissions": self = .insufficientPermissions
            default: self = .nvml(reason: text.cut(reason))
            }
        } else if let handle = text.after("Unable to determine the device handle for", in: line)
            ?? text.after("Unable to detect the device handle for", in: line)
        {
            // "GPU 0000:0A:00.0: GPU is lost", "GPU1: 0000:34:00.0: Unknown Error": the reason is behind the last ": ".
            guard let colon = text.findLast(UInt8(ascii: ":"), in: handle) else { return nil }
            let reason = text.trimmed(colon + 1..<handle.upperBound)
            if text.equals(reason, "Insufficient Permissions") {
                self = .insufficientPermissions
            } else {
                self = .deviceHandle(
                    gpu: text.cut(text.trimmed(handle.lowerBound..<colon)), reason: text.cut(reason))
            }
        } else {
            return nil
        }
    }
}

extension SMIFailure: Encodable {
    /// `{"failure": "versionMismatch", "library": "550.144"}`
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactStore.Key.self)
        func name(_ name: String) throws { try container.encode(name, forKey: .init("failure")) }
        switch self {
        case .couldNotCommunicate: try name("couldNotCommunicate")
        case .noDevices: try name("noDevices")
        case .versionMismatch(let library):
            try name("versionMismatch")
            try container.encodeIfPresent(library, forKey: .init("library"))
        case .unknownNVMLError: try name("unknownNVMLError")
        case .insufficientPermissions: try name("insufficientPermissions")
        case .nvml(let reason):
            try name("nvml")
            try container.encode(reason, forKey: .init("reason"))
        case .libraryMissing: try name("libraryMissing")
        case .deviceHandle(let gpu, let reason):
            try name("deviceHandle")
            try container.encode(gpu, forKey: .init("gpu"))
            try container.encode(reason, forKey: .init("reason"))
        }
    }
}
