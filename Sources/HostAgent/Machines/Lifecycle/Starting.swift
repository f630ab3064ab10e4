import Contract
import FoundationEssentials
import Host
public import Passthrough
public import Provisioner
import SecureShell
public import VirtualMachines

/// Starts a VM that lasts, in a folder of its own. A second start of the same name is the same machine: its MAC address, SSH
/// port, firmware variables, keys and host key are kept.
///
/// What has been begun is on disk before it is begun: killed anywhere, the next `start`, `stop` or `list` finds what there is.
public struct Starting: Sendable {
    /// Waits for the guest: ``ReachedGuest/wait(for:access:keys:context:earlier:)``, or a test's stand-in.
    public typealias Contact =
        @Sendable (_ machine: VirtualMachine, _ stored: StoredMachine, _ keys: GuestKeys) async throws -> ReachedGuest

    /// What is about to be written or begun; the tests' seam for crashes.
    enum Point: String, CaseIterable {
        case folder, keys, record, claim, launch, contact, done
    }

    /// A VM that runs now.
    public struct Started: Sendable {
        public let machine: VirtualMachine
        public let stored: StoredMachine
        /// Nil where nobody waited for the guest.
        public let guest: ReachedGuest?
        /// Its cards, to be given back at its end.
        public let cards: RunClaims

        /// What the guest showed.
        public var contact: FirstContact? { guest?.contact }
    }

    private let request: StartRequest
    private let state: String
    private let context: JobContext
    private let claims: Claims
    private let contact: Contact
    private let reached: @Sendable (Point) throws -> Void

    /// - Parameters:
    ///   - state: Where VMs are kept, in `machines`.
    ///   - claims: How cards are taken from the host and put back.
    public init(
        _ request: StartRequest, state: String, context: JobContext, claims: Claims = Claims()
    ) {
        self.init(
            request, state: state, context: context, claims: claims,
            contact: { machine, stored, keys in
                try await ReachedGuest.wait(
                    for: machine, access: stored.access, keys: keys, context: context, earlier: stored.contact)
            }, reached: { _ in })
    }

    init(
        _ request: StartRequest, state: String, context: JobContext, claims: Claims, contact: @escaping Contact,
        reached: @escaping @Sendable (Point) throws -> Void
    ) {
        self.request = request
        self.state = state
        self.context = context
        self.claims = claims
        self.contact = contact
        self.reached = reached
    }

    /// Starts it and, unless told otherwise, waits until its SSH server answers.
    ///
    /// - Throws: ``Failures`` with all that is wrong with the request; ``FailureCode/machineRunning`` where the VM runs already;
    ///   a ``Failure`` of the launch, or of what ended the wait, in which case the VM is stopped again.
    public func run() async throws -> Started {
        let name = request.machineName
        try MachineName.check(name)
        for problem in await claims.restoreAbandoned().failures { context.progress(.warning(problem.message)) }
        let home = MachineHome(state: state, name: name)
        try reached(.folder)
        let isNew = !FileManager.default.fileExists(atPath: home.path)
        try home.make()
        let lock = try home.lock()
        defer { withExtendedLifetime(lock) {} }
        do {
            try requireStopped(home)
            let prepared = try await check(home)
            return try await launch(prepared, home)
        } catch {
            // Nothing of it is worth a row in `list`.
            if isNew, (try? home.load()) == nil { try? FileManager.default.removeItem(atPath: home.path) }
            throw error
        }
    }

    /// The VM as it would be started on IMAGE itself, for ``startScript(for:)``. Makes and changes nothing; keys are not handed
    /// in, since they are the VM's that this tool would make.
    public func sketch() async throws -> MachineSpecification {
        let name = request.machineName
        try MachineName.check(name)
        let home = MachineHome(state: state, name: name)
        let prepared = try await PreparedMachine.check(request.job, context: context, writesImage: true)
        return prepared.sketch(
            name: name, sshPort: try port(home), disk: request.job.image, folder: home.vmFolder,
            forwards: forwards(try home.load()))
    }

    // MARK: - Checks

    private func requireStopped(_ home: MachineHome) throws {
        guard let (record, lives) = try MachineRecord.look(in: home.vmFolder), lives else { return }
        throw Failure(
            .machineRunning, operation: "start the VM \(home.name)", message: "The VM \(home.name) runs already.",
            evidence: [
                "process \(record.pid), SSH on port \(record.specification.sshPort) of 127.0.0.1",
                "its disk: \(record.specification.diskPath)",
            ],
            remedy:
                "Use it (`provision-gpu-vm ssh \(home.name)`), stop it (`provision-gpu-vm stop \(home.name)`), or start "
                + "another under another --name.", side: .host)
    }

    /// All that is wrong with the request, at once.
    private func check(_ home: MachineHome) async throws -> PreparedMachine {
        var failures: [Failure] = []
        if let stored = try home.load(), !Self.isSameFile(stored.image, request.job.image) {
            failures.append(
                Failure(
                    .optionInvalid, operation: "start the VM \(home.name)",
                    message: "The VM \(home.name) has another image: \(stored.image).",
                    remedy:
                        "Choose another --name, or forget that VM: `provision-gpu-vm stop \(home.name) --remove` (its "
                        + "image stays).", side: .host))
        }
        failures += request.identity?.problems() ?? []
        for port in namedPorts.sorted() where !isLoopbackPortFree(port) {
            failures.append(
                Failure(
                    .portUnavailable, operation: "look for the ports", message: "Port \(port) of 127.0.0.1 is taken.",
                    remedy: "Choose another with --forward, or name the guest's port alone.", side: .host))
        }
        if let user = imageUser(but: home.name) {
            failures.append(
                Failure(
                    .imageInUse, operation: "start the VM \(home.name)",
                    message: "\(request.job.image) is in use by the VM \(user.name) (process \(user.pid ?? 0)).",
                    // A throwaway disk on it does not help: what it is backed by must not change.
                    remedy: "Stop that one (`provision-gpu-vm stop \(user.name)`), or start a copy of the image.",
                    retryable: true, side: .host))
        }
        do {
            var job = request.job
            job.hideHypervisor = job.hideHypervisor ?? provisioning?.hidesHypervisor
            // A port that is this VM's own may be taken by another program by now; then another one is chosen.
            let prepared = try await PreparedMachine.check(
                job, context: context, writesImage: !request.isSnapshot && failures.isEmpty)
            guard failures.isEmpty else { throw Failures([]) }
            for warning in prepared.warnings + differences { context.progress(.warning(warning)) }
            return prepared
        } catch let wrong as Failures {
            throw Failures(failures + wrong.all)
        }
    }

    /// What the run that made the image knows.
    private var provisioning: StoredRun.Facts? {
        StoredRun.thatMade(request.job.image, state: state).flatMap { try? $0.facts() }
    }

    /// An image that was provisioned on another bus may not boot on this one.
    private var differences: [String] {
        guard let run = provisioning else { return [] }
        let job = request.job
        return [
            ("--disk-bus", run.bus, job.diskBus.rawValue), ("--nic", run.nic, job.nic.rawValue),
            ("--machine", run.machine, job.machine.rawValue),
        ].filter { $0.1 != $0.2 }.map { "The image was provisioned with \($0.0) \($0.1), and is started with \($0.2)." }
    }

    /// A living VM whose guest writes into the image.
    private func imageUser(but name: String) -> MachineFacts? {
        let homes = MachineHome.all(state: state).filter { $0.name != name }
        let folders =
            homes.map { ($0.name, $0.vmFolder) }
            + StoredRun.all(state: state).flatMap { run in
                StoredRun.Part.allCases.map { (run.name, run.machineFolder($0)) }
            }
        for (name, folder) in folders {
            guard let (record, lives) = try? MachineRecord.look(in: folder), lives,
                Self.isSameFile(record.specification.diskPath, request.job.image)
            else { continue }
            return MachineSurvey(state: state).all().first { $0.name == name && $0.pid == record.pid }
        }
        return nil
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        func real(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path() }
        return one == other || real(one) == real(other)
    }

    // MARK: - Launch

    private func port(_ home: MachineHome) throws -> UInt16 {
        if let port = request.job.sshPort { return port }
        if let kept = try home.load()?.sshPort, isLoopbackPortFree(kept) { return kept }
        return try freeLoopbackPort()
    }

    /// Ports of the host that this request names, for which no other is taken.
    private var namedPorts: Set<UInt16> { Set((request.forwards ?? []).compactMap(\.host)) }

    /// What is forwarded: as asked for, with the ports of the host that the VM had before, where these are free.
    private func forwards(_ stored: StoredMachine?) -> [PortForward] {
        var kept = stored?.forwards ?? []
        let used = namedPorts.union(request.job.sshPort.map { [$0] } ?? [])
        return (request.forwards ?? kept).map { forward in
            if let port = forward.host, namedPorts.contains(port) { return forward }
            let index = kept.firstIndex { $0.guest == forward.guest && $0.host.map { !used.contains($0) } ?? false }
            let port = index.flatMap { kept.remove(at: $0).host }
            return PortForward(host: port.flatMap { isLoopbackPortFree($0) ? $0 : nil }, guest: forward.guest)
        }
    }

    private func launch(_ prepared: PreparedMachine, _ home: MachineHome) async throws -> Started {
        let job = prepared.job
        try reached(.keys)
        if job.access == .ephemeral { try await home.keys.make() }
        let port = try port(home)
        var stored =
            try home.load()
            ?? StoredMachine(
                name: home.name, image: job.image, isSnapshot: false, access: job.access, sshPort: port,
                instanceID: StoredMachine.newInstanceID(home.name),
                createdAt: Date().timeIntervalSince1970)
        if stored.sshPort != port {
            context.progress(.note("The SSH port is \(port) from now on; it was \(stored.sshPort)."))
        }
        // A throwaway disk is another one each time: a guest that makes its SSH keys at its first boot shows others.
        if request.isSnapshot || stored.isSnapshot { stored.contact = nil }
        (stored.image, stored.isSnapshot, stored.access, stored.sshPort) =
            (job.image, request.isSnapshot, job.access, port)
        let earlier = stored.forwards ?? []
        stored.forwards = forwards(stored)
        take(request.identity, into: &stored)
        try reached(.record)
        try home.save(stored)
        let specification = try await describe(prepared, stored, home)
        let cards = RunClaims(claims, folder: home.path)
        do {
            try reached(.claim)
            for change in try await cards.take(job.passedGPUs) {
                for note in change.notes { context.progress(.note(note)) }
            }
            try reached(.launch)
            let accelerator = prepared.accelerator
            let emulated = accelerator.accelerator == .tcg ? " (emulated: \(accelerator.reason))" : ""
            context.progress(.phase("Start the VM \(home.name)\(emulated)"))
            let machine = try await prepared.launch(specification, fixedPorts: namedPorts)
            await cards.note(
                ProcessIdentity(pid: machine.record.pid, startTime: machine.record.startTime), folder: home.vmFolder)
            do {
                tellOtherPorts(machine, earlier)
                return try await greet(machine, stored, cards, home)
            } catch {
                throw await Self.unwound(error, machine, home)
            }
        } catch {
            let problems = await cards.giveBack().failures.map(\.message)
            guard var failure = error as? Failure else { throw error }
            failure.cleanup += problems
            throw failure
        }
    }

    private func describe(
        _ prepared: PreparedMachine, _ stored: StoredMachine, _ home: MachineHome
    ) async throws -> MachineSpecification {
        var disk = stored.image
        if stored.isSnapshot {
            try FileManager.default.createDirectory(
                atPath: home.vmFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            disk = home.snapshotDisk
            try? FileManager.default.removeItem(atPath: disk)
            try await QemuImg.createOverlay(at: disk, backing: stored.image, backingFormat: prepared.imageFormat)
        }
        return try prepared.specification(
            name: stored.name, sshPort: stored.sshPort, disk: disk, folder: home.vmFolder,
            keys: (home.keys, stored.instanceID), identity: stored.identity ?? GuestIdentity(),
            forwards: stored.forwards ?? [])
    }

    /// Where the guest is handed something else than before, its cloud-init must look at it once more: a new instance.
    private func take(_ identity: GuestIdentity?, into stored: inout StoredMachine) {
        guard let identity, identity != stored.identity ?? GuestIdentity() else { return }
        stored.identity = identity
        stored.instanceID = StoredMachine.newInstanceID(stored.name)
    }

    /// Whoever uses a forwarded port knows it by its number.
    private func tellOtherPorts(_ machine: VirtualMachine, _ earlier: [PortForward]) {
        let now = machine.record.specification.forwards ?? []
        for was in earlier where !now.contains(was) {
            for forward in now where forward.guest == was.guest && !earlier.contains(forward) {
                guard let old = was.host, let port = forward.host else { continue }
                context.progress(
                    .note("Port \(port) leads to the guest's port \(forward.guest) from now on; it was \(old)."))
            }
        }
    }

    /// Waits for the guest and keeps what it showed.
    private func greet(
        _ machine: VirtualMachine, _ stored: StoredMachine, _ cards: RunClaims, _ home: MachineHome
    ) async throws -> Started {
        var stored = stored
        // The launch may have had to take another port.
        stored.sshPort = machine.record.specification.sshPort
        stored.forwards = machine.record.specification.forwards
        try reached(.contact)
        guard request.waitsForGuest else {
            try home.save(stored)
            return Started(machine: machine, stored: stored, guest: nil, cards: cards)
        }
        context.progress(.phase("Wait for the guest's SSH server"))
        let guest = try await contact(machine, stored, home.keys)
        if !request.keepsConnection { await guest.close() }
        stored.contact = guest.contact
        try home.save(stored)
        try reached(.done)
        return Started(machine: machine, stored: stored, guest: guest, cards: cards)
    }

    /// A start that did not come to its end leaves nothing running. Goes on in a cancelled task, too.
    private static func unwound(_ error: any Error, _ machine: VirtualMachine, _ home: MachineHome) async -> any Error {
        let isInterrupted = error is CancellationError || Task.isCancelled
        let problem = await Task.detached { () -> String? in
            do {
                // A guest that was merely too slow may have something to write.
                let ended = try await machine.pressPowerButton(grace: isInterrupted ? .seconds(30) : .seconds(5))
                if ended == nil { try await machine.quit() }
                home.settle()
                return nil
            } catch {
                return (error as? Failure)?.message ?? "\(error)"
            }
        }.value
        if isInterrupted {
            return Failure(
                .interrupted, operation: "start the VM \(home.name)", message: "Interrupted; the VM is stopped.",
                remedy: "Run the same command again.", retryable: true, side: .host, cleanup: problem.map { [$0] } ?? []
            )
        }
        guard var failure = error as? Failure else { return error }
        failure.cleanup += problem.map { [$0] } ?? ["The VM was stopped again; its logs are in \(home.vmFolder)."]
        return failure
    }
}

extension Job {
    /// The GPUs of the host that the guest gets.
    fileprivate var passedGPUs: [PCIAddress] {
        if case .passthrough(let addresses) = gpu { addresses } else { [] }
    }
}

extension MachineHome {
    /// What is over once QEMU is provably gone: its sockets, and a throwaway disk.
    func settle() {
        MachineFolder(vmFolder).removeSockets()
        try? FileManager.default.removeItem(atPath: snapshotDisk)
    }
}
