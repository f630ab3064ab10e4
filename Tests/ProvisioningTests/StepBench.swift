import Contract
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

/// A guest in a folder, a context on it, and what the step said.
final class Bench: Sendable {
    let fake: FakeRoot
    let runner: FakeRunner
    let events = Mutex<[Event]>([])
    let plan: Plan

    static let driver = DriverRecipe(version: "470.256.02", sha256: "d")
    static let cuda = CUDARecipe(version: "11.4.4", sha256: "c", toolkitPath: "/usr/local/cuda-11.4", samples: true)
    static let kernel = "6.1.0-1-amd64"

    init(
        _ files: [String: String] = [:], gpus: [ExpectedGPU] = [.simulated], driver: DriverRecipe = Bench.driver,
        cuda: CUDARecipe? = Bench.cuda,
        payloads: [Payload] = [], _ answers: [String: FakeRunner.Answer] = [:]
    ) throws {
        fake = try FakeRoot(
            [
                "/etc/os-release": "ID=debian\n", "/proc/sys/kernel/osrelease": Self.kernel,
                "/proc/sys/kernel/random/boot_id": "b", "/proc/modules": "", "/var/tmp/x": "", "/run/x": "",
                "/usr/local/x": "", "/boot/x": "",
            ].merging(files) { $1 }, inMemory: false)
        runner = FakeRunner(answers)
        var payload = Payload(
            role: .driver, fileName: "NVIDIA.run", size: 5, sha256: "", headSHA256: "aa", tailSHA256: "aa",
            location: .drive(serial: "drv"))
        payload.sha256 = Self.driver.sha256
        var second = payload
        (second.role, second.fileName, second.sha256) = (.cuda, "cuda.run", Self.cuda.sha256)
        plan = Plan(
            runID: "r", recipe: Recipe(gpus: gpus, driver: driver, toolkits: [cuda].compactMap { $0 }),
            payloads: [payload, second] + payloads)
    }

    func context(reboots: Int = 0) -> StepContext {
        StepContext(
            guest: Guest(root: fake.root, runner: runner, architecture: "x86_64"), plan: plan, reboots: reboots
        ) { event in self.events.withLock { $0.append(event) } }
    }

    /// A drive that has the payload, and digests that fit.
    static let drive = ["/sys/block/vdb/serial": "drv", "/dev/vdb": "hello\0\0\0"]
    static let digest: [String: FakeRunner.Answer] = ["sh -c": FakeRunner.says("aa  -\n")]
}

func needed(_ result: CheckResult) -> Bool {
    if case .needed = result { true } else { false }
}

func satisfied(_ result: CheckResult) -> Bool {
    if case .satisfied = result { true } else { false }
}
