import Contract
import FoundationEssentials
import Passthrough
import VirtualMachines

@testable import Provisioner

/// Values that the tests here share, and a folder of their own for each.
enum Samples {
    static func folder() throws -> String {
        let path = "\(FileManager.default.temporaryDirectory.path)/provisioner-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func job(image: String = "/images/disk.qcow2", output: String = "/images/disk.gpu.qcow2") -> Job {
        var contents = JobContents()
        contents.driver = "/r/NVIDIA-Linux-x86_64-470.256.02.run"
        return Job(image: image, contents: contents, gpu: .simulated, destination: .overlay(path: output))
    }

    static let recipe = Recipe(
        gpus: [.simulated], driver: DriverRecipe(version: "470.256.02", sha256: "d1"),
        toolkits: [CUDARecipe(version: "11.4.4", sha256: "c1", toolkitPath: "/usr/local/cuda-11.4", samples: true)])

    static func prepared(_ job: Job, recipe: Recipe = recipe) -> PreparedJob {
        PreparedJob(
            image: PreparedJob.Image(
                path: job.image, format: "qcow2", virtualSize: 6 << 30, inode: 7, size: 1 << 29,
                modifiedNanoseconds: 5),
            recipe: recipe, payloads: [], drives: [], accelerator: .tcg, acceleratorReason: "no /dev/kvm",
            firmware: .bios, hideHypervisor: false, agentPath: "/bin/agent", agentSHA256: "a1", qemuVersion: "7.2.22",
            warnings: [])
    }

    static func record(_ job: Job = job(), phase: RunRecord.Phase = .provisioning) -> RunRecord {
        RunRecord(
            runID: "disk-1", job: job, prepared: prepared(job), phase: phase, startedAt: 1000, sshPort: 2222)
    }

    static let facts = GuestFacts(
        osID: "debian", osVersion: "12", osName: "Debian GNU/Linux 12 (bookworm)", kernel: "6.1.0-1-cloud-amd64",
        architecture: "x86_64", firmware: "bios", secureBoot: nil, initramfsTool: "initramfs-tools", systemd: 252,
        hypervisor: nil, cpus: 2, memoryBytes: 1 << 31, rootFreeBytes: 1 << 32,
        gpus: [GuestGPU(address: "0000:01:00.0", vendor: "1234", device: "11e8", driver: "nvidia")])

    /// A journal of these events, a second apart.
    static func journal(_ events: [Event]) -> [JournalRecord] {
        events.enumerated().map { JournalRecord(seq: $0 + 1, time: 1000 + Double($0), boot: "b1", event: $1) }
    }
}
