public import Contract
import FoundationEssentials
import Glibc
import Host
import Machines
public import Passthrough
public import Provisioner
import SecureShell
import VirtualMachines

/// This host: golden images built by runs, guests as VMs of `start`. Who has it build has asked for NVIDIA's licences.
public struct LocalFleetHost: FleetHost {
    private let place: FleetPlace
    private let goldens: GoldenStore
    private let agent: String?
    private let claims: Claims
    /// How long a guest may take to shut down.
    private let grace: Duration

    /// - Parameter agent: The guest agent; nil for the one beside this tool.
    public init(
        _ place: FleetPlace, agent: String? = nil, claims: Claims = Claims(),
        grace: Duration = .seconds(90)
    ) {
        self.place = place
        goldens = GoldenStore(place)
        self.agent = agent
        self.claims = claims
        self.grace = grace
    }

    public static var cpus: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private func context(_ progress: @escaping @Sendable (Progress) -> Void) -> JobContext {
        JobContext(licencesAccepted: true, claims: claims, progress: progress)
    }

    /// The job that builds a golden image at `result`.
    private func job(_ settings: GuestSettings, result: String, gpus: [PCIAddress]) -> Job {
        settings.goldenJob(result: result, gpus: gpus, hostCPUs: Self.cpus, agent: agent)
    }

    /// Everything that is wrong with a golden image's inputs, without beginning anything.
    public func check(_ digest: String, _ settings: GuestSettings, gpus: [PCIAddress]) async -> [Failure] {
        // Before the first build its folder is not made yet; one above it tells of the space.
        var folder = place.goldenFolder[...]
        while !FileManager.default.fileExists(atPath: String(folder)), let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
        }
        let job = job(settings, result: "\(folder)/\(digest).qcow2", gpus: gpus)
        return await problems {
            try await Provisioning(job: job, context: context { _ in }, state: place.state).check()
        }
    }

    /// Everything that is wrong with them whichever host builds the image: ``check(_:_:gpus:)`` without what it asks of this one.
    public func checkInputs(_ digest: String, _ settings: GuestSettings) async -> [Failure] {
        let job = job(settings, result: goldens.path(digest), gpus: [])
        return await problems {
            try await Provisioning(job: job, context: context { _ in }, state: place.state).checkInputs()
        }
    }

    private func problems(_ check: () async throws -> Void) async -> [Failure] {
        do {
            try await check()
            return []
        } catch {
            return Failures.list(
                of: error, operation: "check the golden image's inputs", remedy: "Mend the manifest.", side: .host)
        }
    }

    public func build(
        _ digest: String, _ settings: GuestSettings, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        let job = job(settings, result: goldens.path(digest), gpus: gpus)
        let report = try await Provisioning(job: job, context: context(progress), state: place.state).run()
        guard report.failures.isEmpty else { throw Failures(report.failures) }
        let facts = try StoredRun.thatMade(job.resultPath, state: place.state)?.facts()
        try goldens.keep(
            digest, report: report, hidesHypervisor: facts?.hidesHypervisor ?? false, recipe: facts?.recipe,
            at: Date().timeIntervalSince1970)
    }

    public func perform(
        _ action: FleetPlan.Action, _ guest: GuestBlueprint, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> GuestStart? {
        switch action {
        case .none: return nil
        case .create, .reimage:
            // Its disk goes: nothing that it could still write is kept.
            try await stop(guest, grace: nil, progress: progress)
            try await begin(guest)
            return try await launch(guest, gpus: gpus, progress: progress).start
        case .start, .restart:
            // One that runs all the same was started by a command that was cut off, or is another machine.
            try await stop(guest, progress: progress)
            return try await launch(guest, gpus: gpus, progress: progress).start
        case .destroy:
            try await stop(guest, grace: nil, progress: progress, remove: true)
            try remove(guest)
            return nil
        }
    }

    public func stop(_ guest: GuestBlueprint, progress: @escaping @Sendable (Progress) -> Void) async throws {
        try await stop(guest, grace: grace, progress: progress)
    }

    /// How it went; nil where there is no such VM.
    @discardableResult
    private func stop(
        _ guest: GuestBlueprint, grace: Duration?, progress: @escaping @Sendable (Progress) -> Void,
        remove: Bool = false
    ) async throws -> Stopping.Outcome? {
        guard let machine = KnownMachine.machine(exactly: guest.machine, state: place.state) else { return nil }
        if machine.facts(state: place.state).state == .running { progress(.phase("Switch the guest off")) }
        let outcome = try await Stopping(state: place.state, claims: claims).stop(machine, grace: grace, remove: remove)
        for note in outcome.notes { progress(.note(note)) }
        return outcome
    }

    /// An empty disk on the golden image, and nothing remembered of the guest that was there.
    func begin(_ guest: GuestBlueprint) async throws {
        try KnownMachine.renew(guest.machine, state: place.state)
        try makePrivateFolder(place.guestFolder(guest), operation: "make the guest's folder")
        try removeDisk(guest)
        try await QemuImg.createOverlay(
            at: place.disk(guest), backing: goldens.path(guest.golden), backingFormat: "qcow2")
    }

    /// Starts a guest that is stopped, on the disk that it has, waits until its SSH server answers, and has it prove that CUDA works.
    /// One that cannot, or that nobody can log in to, is switched off again: nobody takes it for one that can, and its cards are free.
    func launch(
        _ guest: GuestBlueprint, gpus: [PCIAddress], progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> (start: GuestStart, machine: Starting.Started) {
        var job = guest.settings.machineJob(image: place.disk(guest), gpus: gpus, hostCPUs: Self.cpus)
        let sheet = goldens.sheet(guest.golden)
        job.hideHypervisor = sheet?.hidesHypervisor
        let recipe = sheet.flatMap { guest.settings.proof($0, with: job.gpu) }
        let began = ContinuousClock.now
        let context = context(progress)
        let started = try await Starting(
            StartRequest(
                job: job, name: guest.machine, identity: try guest.identity(), forwards: guest.settings.ports ?? [],
                keepsConnection: recipe != nil),
            state: place.state, context: context, claims: claims
        ).run()
        do {
            if let refusal = started.contact?.refusal { throw refusal }
            var start = GuestStart(
                sshPort: started.stored.sshPort, user: started.contact?.user,
                hostKey: started.contact?.hostKey.fingerprint, seconds: (ContinuousClock.now - began) / .seconds(1),
                ports: started.stored.forwards ?? [])
            if let recipe {
                start.proof = try await started.prove(recipe, state: place.state, context: context)
            }
            return (start, started)
        } catch {
            throw await unwound(error, guest, started)
        }
    }

    /// Switches off a guest that cannot be used, and gives its cards back. Goes on in a cancelled task, too.
    private func unwound(
        _ error: any Error, _ guest: GuestBlueprint, _ started: Starting.Started
    ) async -> any Error {
        let isInterrupted = error is CancellationError || Task.isCancelled
        let cleanup = await Task.detached { () -> [String] in
            var problems: [String] = []
            do {
                let outcome = try await stop(
                    guest, grace: isInterrupted ? min(grace, .seconds(30)) : grace, progress: { _ in })
                if outcome?.measure.isClean == false {
                    problems.append("The guest did not power off in time, and was cut off.")
                }
            } catch {
                problems.append((error as? Failure)?.message ?? "\(error)")
            }
            return problems + (await started.cards.giveBack().failures.map(\.message))
        }.value
        var failure =
            isInterrupted
            ? Failure(
                .interrupted, operation: "start \(guest.name)", message: "Interrupted; the guest is switched off.",
                remedy: "Run the same command again.", retryable: true, side: .host)
            : Failures.list(
                of: error, operation: "start \(guest.name)", remedy: "Run the same command again.", side: .host)[0]
        if !isInterrupted {
            failure.cleanup.append(
                "The guest was switched off. `provision-gpu-vm logs \(guest.machine)` shows its console; with `prove: false` it "
                    + "is started without the proof.")
        }
        failure.cleanup += cleanup
        return failure
    }

    private func removeDisk(_ guest: GuestBlueprint) throws {
        let disk = place.disk(guest)
        guard unlink(disk) != 0, errno != ENOENT else { return }
        throw Failure(
            .hostSpace, operation: "remove the disk of \(guest.name)",
            message: "\(disk) cannot be removed: \(String(cString: strerror(errno)))",
            remedy: "Look at its owner and rights.", side: .host)
    }

    private func remove(_ guest: GuestBlueprint) throws {
        try removeDisk(guest)
        rmdir(place.guestFolder(guest))
        // The fleet's own folder, once it is empty.
        rmdir("\(place.folder)/\(guest.fleet)")
    }
}
