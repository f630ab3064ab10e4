import Contract
public import Passthrough
public import Provisioner
import VirtualMachines

extension GuestSettings {
    /// What goes into a golden image.
    var contents: JobContents {
        var contents = JobContents()
        contents.driver = driver
        contents.cuda = cuda ?? []
        contents.cudaPatches = cudaPatches ?? []
        contents.samples = samples
        contents.nvbandwidth = nvbandwidth
        contents.offlinePackages = offline
        contents.updatePackages = updatePackages ?? contents.updatePackages
        contents.keepKernel = keepKernel ?? contents.keepKernel
        contents.kernels = kernels ?? contents.kernels
        contents.kernelModules = kernelModuleType
        contents.persistenceDaemon = persistenceDaemon ?? contents.persistenceDaemon
        contents.dkms = dkms ?? contents.dkms
        contents.telemetry = telemetryRecipe
        contents.allowIncompatible = allowIncompatible ?? contents.allowIncompatible
        return contents
    }

    /// The job that makes the golden image at `result`.
    public func goldenJob(result: String, gpus: [PCIAddress], hostCPUs: Int, agent: String?) -> Job {
        var job = machineJob(image: image ?? "", gpus: gpus, hostCPUs: hostCPUs)
        job.contents = contents
        // Its guests are to be machines of their own.
        job.contents.generalise = true
        job.destination = .standalone(path: result)
        job.diskSize = diskSizeBytes
        job.agent = agent
        return job
    }

    /// What a guest on that golden image is to prove with its own GPUs; nil for nothing.
    func proof(_ sheet: GoldenStore.Sheet, with gpu: Job.GPURequest) -> Recipe? {
        prove == false ? nil : sheet.recipe?.ofMachine(with: gpu)
    }

    /// The machine of a guest whose disk is `image`.
    public func machineJob(image: String, gpus: [PCIAddress], hostCPUs: Int) -> Job {
        let need = need(hostCPUs: hostCPUs)
        return Job(
            image: image, contents: JobContents(),
            gpu: need.gpus == .simulated ? .simulated : gpus.isEmpty ? .none : .passthrough(gpus),
            destination: .inPlace, memoryBytes: need.memoryBytes, cpus: need.cpus, machine: machine ?? .q35,
            diskBus: diskBus ?? .virtio, nic: nic ?? .virtio)
    }
}
