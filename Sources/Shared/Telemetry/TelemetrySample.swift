/// All GPUs of a guest at one moment: one document of nvidia-smi's.
public struct TelemetrySample: Codable, Equatable, Sendable {
    /// "550.54.14".
    public var driverVersion: String?
    /// The newest CUDA that the driver can run.
    public var cudaVersion: String?
    /// At most ``TelemetryLimits/gpus``.
    public var gpus: [GPUSample]

    /// A sample.
    public init(driverVersion: String? = nil, cudaVersion: String? = nil, gpus: [GPUSample] = []) {
        self.driverVersion = driverVersion
        self.cudaVersion = cudaVersion
        self.gpus = gpus
    }
}
