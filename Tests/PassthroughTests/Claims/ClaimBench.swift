import Contract
import FoundationEssentials
import Host
import HostFakes
import Synchronization
import Testing

@testable import Passthrough

/// A card in a fake kernel, and a folder for its claims. A process that dies takes nothing back from either.
final class ClaimBench: Sendable {
    let kernel: FakeKernel
    let folder: TemporaryFolder
    let card: PCIAddress
    let initial: FakeKernel.State
    private let atDeath = Mutex<[String: Data]?>(nil)

    init(_ state: FakeKernel.State, card: String = "0000:41:00.0") throws {
        folder = try TemporaryFolder()
        self.card = try #require(PCIAddress(card))
        initial = state
        let remember = DeathHook()
        kernel = FakeKernel(state) { remember.call() }
        remember.body.withLock { $0 = { [self] in atDeath.withLock { $0 = files() } } }
    }

    private final class DeathHook: Sendable {
        let body = Mutex<(@Sendable () -> Void)?>(nil)
        func call() { body.withLock { $0 }?() }
    }

    var claimsPath: String { "\(folder.path)/claims" }
    var claims: Claims { claims() }

    func claims(isRoot: Bool = true) -> Claims {
        Claims(folder: claimsPath, tree: kernel, changes: kernel, isRoot: isRoot, deadline: .seconds(1))
    }

    func cards() throws -> [PCICard] { [try HostPCI(kernel).card(card)] }

    /// The claims on disk.
    func journal() throws -> [Claim] { try claims.all() }

    private func files() -> [String: Data] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: claimsPath)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.filter { $0.hasSuffix(".json") }.compactMap { name in
                FileManager.default.contents(atPath: "\(claimsPath)/\(name)").map { (name, $0) }
            })
    }

    /// Runs a process that dies at the `number`-th change, or just before it. False where it came to its end before.
    func process(dyingAt number: Int, before: Bool, _ body: (Claims) async throws -> Void) async -> Bool {
        atDeath.withLock { $0 = nil }
        kernel.die(at: number, before: before)
        try? await body(claims)
        let died = kernel.isDead
        kernel.revive()
        guard died, let files = atDeath.withLock({ $0 }) else { return false }
        // What the body wrote to disk after its death it did not write.
        for name in self.files().keys { try? FileManager.default.removeItem(atPath: "\(claimsPath)/\(name)") }
        for (name, data) in files { try? data.write(to: URL(filePath: "\(claimsPath)/\(name)")) }
        return true
    }

    /// Whether every function is as it was at the beginning, and services, too.
    func expectOriginal(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let now = kernel.now
        for (address, device) in initial.devices {
            #expect(
                now.devices[address]?.driver == device.driver, "\(words): \(address) \(now.log)",
                sourceLocation: sourceLocation)
            #expect(
                now.devices[address]?.override == device.override, "\(words): \(address) \(now.log)",
                sourceLocation: sourceLocation)
        }
        #expect(now.services == initial.services, "\(words)", sourceLocation: sourceLocation)
        #expect(files().isEmpty, "\(words)", sourceLocation: sourceLocation)
    }

    deinit { folder.remove() }
}

/// How a card may be found.
struct Situation: CustomTestStringConvertible, Sendable {
    var name: String
    var state: FakeKernel.State
    var testDescription: String { name }

    private typealias Device = FakeKernel.Device

    private static func gpu(_ driver: String?, override: String? = nil) -> Device {
        Device(driver: driver, override: override, matches: ["nouveau", "nvidia"])
    }

    private static func companion(_ driver: String?, _ classCode: Int, override: String? = nil, by name: String) -> Device {
        var device = Device(driver: driver, override: override, matches: [name])
        device.classCode = classCode
        return device
    }

    private static func host(
        _ functions: [Device], drivers: [String] = ["pcieport", "snd_hda_intel", "xhci_hcd", "nouveau", "vfio-pci"]
    ) -> FakeKernel.State {
        var state = FakeKernel.State()
        for (index, device) in functions.enumerated() { state.devices["0000:41:00.\(index)"] = device }
        var bridge = Device(driver: "pcieport", matches: ["pcieport"])
        bridge.classCode = 0x060400
        state.devices["0000:40:01.0"] = bridge
        state.drivers = drivers
        return state
    }

    private static func audio(_ driver: String?, override: String? = nil) -> Device {
        companion(driver, 0x040300, override: override, by: "snd_hda_intel")
    }

    /// The seed's GTX 1050 Ti, on the drivers that a distribution gives it.
    static let seed = Situation(name: "seed: nouveau + audio", state: host([gpu("nouveau"), audio("snd_hda_intel")]))

    /// NVIDIA's driver is loaded before nouveau, and the daemon runs.
    static let nvidia: Situation = {
        var state = host(
            [gpu("nvidia"), audio("snd_hda_intel")], drivers: ["snd_hda_intel", "nvidia", "vfio-pci"])
        state.services = ["nvidia-persistenced"]
        state.processes[77] = FakeKernel.Process("nvidia-persiste", open: ["/dev/nvidia0"])
        state.files["/proc/driver/nvidia/gpus/0000:41:00.0/information"] = "Model: \t\t GTX\nDevice Minor: \t 0\n"
        return Situation(name: "nvidia, persistence daemon", state: state)
    }()

    static let all: [Situation] = [
        seed, nvidia,
        Situation(name: "vfio-pci not loaded", state: host([gpu("nouveau")], drivers: ["nouveau"])),
        Situation(name: "no driver", state: host([gpu(nil), audio(nil)], drivers: ["vfio-pci"])),
        Situation(name: "no driver, one loaded", state: host([gpu(nil), audio("snd_hda_intel")])),
        Situation(name: "on vfio-pci", state: host([gpu("vfio-pci", override: "vfio-pci"), audio("vfio-pci")])),
        Situation(name: "mixed", state: host([gpu("vfio-pci", override: "vfio-pci"), audio("snd_hda_intel")])),
        Situation(
            name: "an override of its own",
            state: host([gpu("nouveau", override: "nouveau"), audio(nil, override: "none")])),
        Situation(
            name: "an override for another driver",
            state: host([gpu("nouveau", override: "vfio-pci"), audio("snd_hda_intel", override: "pci-stub")])),
        Situation(
            name: "two drivers that fit",
            state: host([gpu("nvidia"), audio("snd_hda_intel")], drivers: ["nouveau", "nvidia", "snd_hda_intel"])),
        Situation(
            name: "udev loads another driver",
            state: {
                var state = host([gpu("nvidia"), audio(nil)], drivers: ["nvidia", "vfio-pci"])
                state.udevLoads = ["nouveau"]
                return state
            }()),
        Situation(
            name: "four functions",
            state: host([
                gpu("nouveau"), audio("snd_hda_intel"), companion("xhci_hcd", 0x0c0330, by: "xhci_hcd"),
                companion(nil, 0x0c8000, by: "nvidia-gpu"),
            ])),
    ]
}
