import Contract
import FoundationEssentials
import Host
import HostFakes
import Passthrough
import Provisioner
import SecureShell
import VirtualMachines

@testable import Machines

/// A state folder, and images without a guest: QEMU's processors never start (-S), so that each VM takes a second.
struct MachineBench {
    let folder: TemporaryFolder
    let image: String

    init() async throws {
        folder = try TemporaryFolder()
        image = folder.path + "/disk.qcow2"
        try await Self.makeDisk(image, in: folder)
    }

    /// One MiB with an MBR that has one Linux partition and no boot code.
    static func makeDisk(_ path: String, in folder: TemporaryFolder) async throws {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        bytes[446 + 4] = 0x83
        bytes[510] = 0x55
        bytes[511] = 0xaa
        let base = try folder.write("base.raw", bytes)
        try await QemuImg.convert(base, from: "raw", to: path)
        try FileManager.default.removeItem(atPath: base)
    }

    var state: String { folder.path + "/state" }

    func home(_ name: String) -> MachineHome { MachineHome(state: state, name: name) }

    /// The small machine on the bench's image.
    func job(_ image: String? = nil, extra: [String] = ["-S"]) -> Job {
        Job(
            image: image ?? self.image, contents: JobContents(), gpu: .none, destination: .inPlace,
            memoryBytes: 512 << 20, cpus: 1, accelerator: .tcg, extraQEMUArguments: extra)
    }

    /// No card is ever asked for here, and nothing of the host's is touched.
    var claims: Claims { Claims(folder: folder.path + "/claims", isRoot: false) }

    static let key = HostKeyPin(type: "ssh-ed25519", base64: "AAAAC3NzaC1lZDI1NTE5AAAA", fingerprint: "SHA256:x")

    /// A start whose guest answers at once, as `contact` says.
    func start(
        _ request: StartRequest? = nil,
        contact: @escaping @Sendable (VirtualMachine, StoredMachine, GuestKeys) async throws -> FirstContact = {
            _, stored, _ in
            FirstContact(hostKey: stored.hostKey ?? MachineBench.key, user: "debian")
        }, reached: @escaping @Sendable (Starting.Point) throws -> Void = { _ in }
    ) async throws -> Starting.Started {
        try await Starting(
            request ?? StartRequest(job: job(), name: "web"), state: state,
            context: JobContext(licencesAccepted: false, progress: { _ in }), claims: claims,
            contact: { ReachedGuest(try await contact($0, $1, $2)) },
            reached: reached
        ).run()
    }

    func stop(_ name: String, grace: Duration? = nil, remove: Bool = false) async throws -> Stopping.Outcome {
        try await Stopping(state: state, claims: claims).stop(
            try KnownMachine.named(name, state: state), grace: grace, remove: remove)
    }

    func list() -> [MachineFacts] { MachineSurvey(state: state).all() }

    /// Leaves nothing running, and nothing on disk.
    func clear() async {
        for home in MachineHome.all(state: state) {
            try? await VirtualMachine.adopt(folder: home.vmFolder, through: .guest)?.quit()
        }
        folder.remove()
    }

    static func with(_ body: (MachineBench) async throws -> Void) async throws {
        let bench = try await MachineBench()
        do {
            try await body(bench)
        } catch {
            await bench.clear()
            throw error
        }
        await bench.clear()
    }
}
