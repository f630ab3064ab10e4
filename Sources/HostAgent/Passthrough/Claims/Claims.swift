import Contract
import FoundationEssentials
import Glibc
public import Host

/// Cards taken from the host's drivers, and put back: rule 2 of the design.
///
/// How a card was is on disk (``Claim``) before the first write, and each write follows from that and from what sysfs shows
/// (``ClaimedFunction``). So whoever comes after a crash, between whichever two writes it was, puts the card back. Under a
/// living QEMU nothing is put back.
public struct Claims: Sendable {
    /// Where claims are kept; host-wide, since drivers are.
    public static let defaultFolder = "/var/lib/provision-gpu-vm/claims"

    let folder: ClaimFolder
    let tree: any HostTree
    let changes: any DriverChanges
    let isRoot: Bool
    /// How long one write may take. A GPU that is reset on its way takes seconds.
    let deadline: Duration

    /// Claims on the host that `tree` shows and `changes` changes. Whether this is root is looked up unless told.
    public init(
        folder: String = Claims.defaultFolder, tree: any HostTree = LiveHost(),
        changes: any DriverChanges = LiveDriverChanges(), isRoot: Bool? = nil, deadline: Duration = .seconds(60)
    ) {
        self.folder = ClaimFolder(path: folder)
        self.tree = tree
        self.changes = changes
        self.isRoot = isRoot ?? (geteuid() == 0)
        self.deadline = deadline
    }

    var pci: HostPCI { HostPCI(tree) }
    var bootID: String { tree.attribute("/proc/sys/kernel/random/boot_id") ?? "" }

    /// Every claim of this boot of the host. Claims are root's: others see none.
    public func all() throws -> [Claim] {
        guard folder.exists else { return [] }
        return try folder.all().filter { $0.hostBootID == bootID }
    }

    /// The cards that are claimed, in order; also those whose claim another boot of the host made void. Throws
    /// ``FailureCode/rootNeeded`` where this is not root, who alone can know.
    public func claimedCards() throws -> [PCIAddress] {
        guard isRoot else {
            throw Failure(
                .rootNeeded, operation: "look for claimed cards", message: "Claims are root's.",
                remedy: "Run the same command with sudo.", side: .host)
        }
        return folder.exists ? try folder.all().map(\.card) : []
    }

    /// Who uses a claimed card now: its VM, and whoever else has it open through vfio-pci. Empty where it is provably free.
    public func users(of claim: Claim) -> [GPUHolder] {
        let holders = (try? pci.card(claim.card)).map { CardHolders(tree, cards: [$0]).throughVFIO(of: $0) } ?? []
        guard let machine = claim.machine, machine.process.isAlive(tree),
            !holders.contains(where: { $0.pid == machine.process.pid })
        else { return holders }
        let name = tree.attribute("/proc/\(machine.process.pid)/comm") ?? "?"
        return [GPUHolder(pid: machine.process.pid, name: name, kind: .vm, nodes: [machine.folder])] + holders
    }

    func inUse(_ claim: Claim, _ users: [GPUHolder], _ operation: String) -> Failure {
        Failure(
            .gpuInUse, operation: operation, message: "\(claim.card) is in use by a running VM.",
            evidence: users.map(\.description),
            remedy: "Stop that VM first; `provision-gpu-vm release --gpu \(claim.card) --force` stops it and puts the "
                + "card back.", retryable: true, side: .host)
    }

    func change(_ claim: Claim, from before: [PCIAddress: String?], claimed: Bool, notes: [String] = []) -> CardChange {
        CardChange(
            card: claim.card,
            functions: claim.functions.map {
                CardChange.Function(
                    address: $0.address, from: before[$0.address] ?? nil, to: pci.state($0.address).driver)
            }, claimed: claimed, notes: notes)
    }

    func drivers(_ functions: [PCIAddress]) -> [PCIAddress: String?] {
        Dictionary(functions.map { ($0, pci.state($0).driver) }) { first, _ in first }
    }

    // MARK: - The walk

    /// Takes a function to vfio-pci or back, one write after the other, each decided by looking. Ends where sysfs shows the
    /// function where it should be.
    func walk(_ function: ClaimedFunction, toBind: Bool) async throws {
        var tried: [ClaimedFunction.Step] = []
        var words: [String] = []
        while true {
            guard tree.exists("\(HostPCI.devices)/\(function.address)") else {
                // A device that was pulled out has no driver to go back to.
                if !toBind { return }
                _ = try pci.device(function.address)
                return
            }
            let now = pci.state(function.address)
            let step =
                toBind ? function.nextToBind(now, tried: tried) : function.nextToRestore(now, tried: tried)
            let answer: DriverChange
            switch step {
            case .done: return
            case .stuck: throw stuck(function, now, toBind: toBind, words)
            case .load(let module): answer = await changes.run(["modprobe", module], deadline: deadline)
            case .write(let write): answer = await changes.write(write.text, to: write.path, deadline: deadline)
            }
            tried.append(step)
            switch answer {
            case .accepted: break
            case .refused(let reason): words.append("\(step.shell): \(reason)")
            case .hanging(let seen): throw hanging(function, step, seen)
            }
        }
    }

    private func stuck(
        _ function: ClaimedFunction, _ now: FunctionState, toBind: Bool, _ words: [String]
    ) -> Failure {
        let wanted = toBind ? ClaimedFunction.vfio : function.driver ?? "no driver"
        return Failure(
            .driverStuck,
            operation: "\(toBind ? "bind \(function.address) to" : "put \(function.address) back on") "
                + wanted,
            message: "\(function.address) is on \(now.driver ?? "no driver") and does not go to \(wanted).",
            evidence: words
                + ["driver_override is \(now.driverOverride ?? "(null)")", "see `dmesg | grep \(function.address)`"],
            remedy: toBind
                ? "Read the kernel's words: a driver that is built in, a missing module, or a device that cannot be reset."
                : "Read the kernel's words, mend that (load the driver's module), and run `provision-gpu-vm release "
                    + "--gpu \(function.address)` again; after a reboot the card is on its own driver.", side: .host)
    }

    private func hanging(_ function: ClaimedFunction, _ step: ClaimedFunction.Step, _ seen: [String]) -> Failure {
        let card = try? pci.card(function.address)
        let holders = card.map { CardHolders(tree, cards: [$0]).all(of: $0).map(\.description) } ?? []
        return Failure(
            .driverStuck, operation: "change the driver of \(function.address)",
            message: "The kernel did not come back within \(deadline) from: \(step.shell)",
            evidence: holders + seen,
            remedy: holders.isEmpty
                ? "Look at dmesg. What hangs in the kernel ends only with a reboot, after which the card is on its driver."
                : "End the processes named above; then `provision-gpu-vm release --gpu \(function.address)`. If that "
                    + "hangs too, only a reboot helps, after which the card is on its driver.", side: .host)
    }
}

extension ClaimedFunction.Step {
    /// As a shell would do it.
    var shell: String {
        switch self {
        case .write(let write): write.description
        case .load(let module): "modprobe \(module)"
        case .done, .stuck: ":"
        }
    }
}
