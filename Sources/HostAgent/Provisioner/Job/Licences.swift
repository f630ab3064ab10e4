public import Contract
import FoundationEssentials

/// NVIDIA's licences are the user's to accept, once. The driver's installer takes `--silent` and CUDA's takes
/// `--silent --toolkit` as acceptance, so nothing may run before the user has said yes.
public struct Licences: Sendable {
    /// The file that remembers the answer: it is a person's, not a run's.
    private let path: String

    /// The answer remembered under `configuration` (usually ~/.config/provision-gpu-vm).
    public init(configuration: String) {
        path = "\(configuration)/nvidia-licences-accepted"
    }

    /// What to ask.
    public static let question = """
        The runfiles are NVIDIA's and come under its licences:
          driver  https://www.nvidia.com/en-us/drivers/nvidia-license/linux/
          CUDA    https://docs.nvidia.com/cuda/eula/
        They are installed without asking again. Do you accept them?
        """

    /// Whether the user has said yes before.
    public var remembered: Bool { FileManager.default.fileExists(atPath: path) }

    /// Remembers a yes. Throws what the file system says.
    public func remember() throws {
        let folder = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("accepted \(Date().formatted(.iso8601))\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// What is thrown where they are not accepted.
    public static func refusal() -> Failure {
        Failure(
            .licenceNotAccepted, operation: "accept NVIDIA's licences",
            message: "The runfiles come under NVIDIA's licences, which have not been accepted.",
            remedy: "Read them, then run once on a terminal and answer, or give --accept-nvidia-licenses.", side: .host)
    }
}
