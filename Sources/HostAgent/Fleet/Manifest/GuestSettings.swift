public import Contract
public import VirtualMachines

/// What a manifest may say of a guest. Nil is what nobody said: the tool's own default then holds, that of the option of the same name.
public struct GuestSettings: Codable, Hashable, Sendable {
    // What its golden image is made of.
    public var image: String?
    public var driver: String?
    public var cuda: [String]?
    public var cudaPatches: [String]?
    public var samples: String?
    public var nvbandwidth: String?
    public var offline: String?
    public var updatePackages: Bool?
    public var keepKernel: Bool?
    public var kernels: Recipe.Kernels?
    public var kernelModuleType: KernelModuleType?
    public var dkms: Bool?
    public var persistenceDaemon: Bool?
    public var allowIncompatible: Bool?
    public var diskSizeBytes: Int64?
    public var telemetry: Bool?
    /// Seconds; counts where telemetry is on.
    public var telemetryInterval: Double?

    // The machine.
    public var gpus: GPUWish?
    public var memoryBytes: Int64?
    public var cpus: Int?
    public var machine: MachineType?
    public var diskBus: DiskBus?
    public var nic: NICModel?
    public var ports: [PortForward]?

    // The guest's own.
    public var hostname: String?
    public var sshKeys: [String]?
    public var cloudInit: String?
    /// Whether each start ends with the proof that CUDA works; so unless told.
    public var prove: Bool?
    /// For choosing guests (`--only team=vision`); they mean nothing else.
    public var labels: [String: String]?

    /// The sampler that its image has; nil for none.
    var telemetryRecipe: TelemetryRecipe? {
        guard telemetry == true else { return nil }
        return telemetryInterval.map { TelemetryRecipe(intervalSeconds: $0) } ?? TelemetryRecipe()
    }

    /// Nothing said.
    public init() {}
}
