import Contract
import FoundationEssentials
import Host
import Passthrough
import SecureShell
import VirtualMachines

/// The phases in which a guest runs.
extension Session {
    /// Provisioning: a VM on the work disk (adopted where one lives), the guest's journal followed to its end.
    func provision() async throws {
        var journal = try GuestJournal(path: folder.journalPath)
        if let finished = journal.finished {
            return try await settle(finished, journal)
        }
        let (machine, powerOn) = try await boot()
        record.arguments = machine.record.arguments
        record.sshPort = machine.record.specification.sshPort
        try folder.save(record)
        var bootStarted = powerOn
        let following = Following(
            reach: reach(machine),
            agent: { [record] shell in AgentInstallation(shell, of: record) }, plan: plan,
            connected: { [self] shell in
                try await noteConnection(shell, bootStarted: &bootStarted)
            }, progress: context.progress, idleLimit: .seconds(180))
        context.progress(.phase(job.contents.undo == nil ? "Provision the guest" : "Take driver and toolkits out"))
        try await following.toTheEnd(
            journal: &journal, hostKey: { [self] in record.hostKey }, user: { [self] in record.user })
        try await settle(journal.finished ?? false, journal)
    }

    /// What follows from the guest's last word.
    private func settle(_ succeeded: Bool, _ journal: GuestJournal) async throws {
        let fold = JournalFold(journal.records)
        guard succeeded else {
            isVerdict = true
            throw fold.failure
                ?? Failure(
                    .guestTalkedNonsense, operation: "provision the guest",
                    message: "The agent failed without a reason.",
                    remedy: "Look at the journal in the run folder.", side: .guest)
        }
        // One that many are to stand on is told to forget itself, changed or not: that cannot be seen from outside.
        if fold.changed || job.contents.generalise { return try enter(.sealing) }
        // IMAGE was as it should be: the overlay holds nothing but a boot's traces.
        context.progress(
            .note(
                job.contents.undo == nil
                    ? "IMAGE is provisioned already; nothing was changed and nothing is written."
                    : "There is nothing to take out of IMAGE; nothing was changed and nothing is written."))
        try await machine(in: folder.vmPath)?.quit()
        disk.remove()
        record.outcome = .unchanged
        try enter(.ended)
    }

    /// The living VM of this run, or a new one on the same disk. Also: seconds since 1970 of its power-on, nil when it
    /// was adopted, since then nobody watched.
    private func boot() async throws -> (VirtualMachine, powerOn: ContinuousClock.Instant?) {
        if let machine = try await machine(in: folder.vmPath) {
            context.progress(.note("The virtual machine lives (process \(machine.record.pid)); it is taken up again."))
            return (machine, nil)
        }
        guard disk.exists else {
            throw Failure(
                .runDiffers, operation: "continue the run", message: "The work disk \(disk.path) is gone.",
                remedy: "Begin anew with --start-over.", side: .host)
        }
        if let port = job.sshPort { record.sshPort = port }
        let emulated = record.prepared.accelerator == .tcg
        context.progress(.phase("Boot the guest\(emulated ? " (emulated: \(record.prepared.acceleratorReason))" : "")"))
        let powerOn = ContinuousClock.now
        let specification = try machineSpecification(
            disk: disk.path, folder: folder.vmPath, payloads: record.prepared.drives)
        return (try await launch(specification), powerOn)
    }

    func reach(_ machine: VirtualMachine) -> GuestReach {
        GuestReach(machine, GuestLogin(access: job.access, keys: folder.keys, context: context))
    }

    /// Pins the host key at the first contact and counts the boots.
    private func noteConnection(_ shell: GuestShell, bootStarted: inout ContinuousClock.Instant?) async throws {
        let bootID = try await shell.bootID()
        record.hostKey = shell.connection.hostKey
        record.user = shell.connection.user
        if record.boots.last?.bootID != bootID {
            let seconds = bootStarted.map { (ContinuousClock.now - $0).inSeconds }
            record.boots.append(
                BootSection(
                    // With a power-on of ours behind it, a later boot continues a run; the others are the guest's own.
                    reason: record.boots.isEmpty ? "first boot" : bootStarted == nil ? "reboot" : "run continued",
                    bootID: bootID, secondsToSSH: seconds))
            context.progress(
                .note(
                    "SSH answers\(seconds.map { " after \(Int($0)) s" } ?? ""), logged in as \(shell.connection.user).")
            )
        }
        bootStarted = nil
        try folder.save(record)
    }

    /// Takes this run's traces out of the guest and switches it off. `sealed` is on disk only once the guest has said so;
    /// a guest that went down before is booted once more.
    func seal() async throws {
        context.progress(.phase("Switch the guest off"))
        var living = try await machine(in: folder.vmPath)
        if record.sealed != true {
            // Cut off in an earlier sealing, the guest may have forgotten its keys, and made others in a boot since.
            let mayHaveForgotten = job.contents.generalise && record.formerMarks != nil
            if living == nil { living = try await boot().0 }
            guard let machine = living else { return }
            try await sealGuest(reach(machine), pin: mayHaveForgotten ? nil : record.hostKey)
            record.sealed = true
            try folder.save(record)
        }
        if let living {
            let end = try await living.powerDown(grace: .seconds(180))
            // `unseen` is an adopted guest that ended without our seeing how; it was sealed and synced before.
            guard end.cause == .guestShutdown || end.cause == .unseen else {
                throw end.failure(during: "switch the guest off")
            }
        }
        try enter(job.skipProofBoot ? .publishing : .proving)
    }

    private func sealGuest(_ reach: GuestReach, pin: HostKeyPin?) async throws {
        var pin = pin
        let handedIn = try job.access == .ephemeral ? folder.keys.publicKeys() : []
        let keys = Array(handedIn.joined(separator: "\n").utf8)
        for attempt in 1... {
            do {
                let shell = try await reach.shell(hostKey: pin, user: record.user)
                pin = shell.connection.hostKey
                if job.contents.generalise { try await noteMarks(shell) }
                // An earlier try may have taken it out already.
                if job.contents.undo != nil { try await AgentInstallation(shell, of: record).install() }
                try await shell.run(
                    sealCommand, input: keys, deadline: .seconds(300),
                    operation: "take the run's traces out of the guest")
                return
            } catch let failure as Failure where failure.code == .sshRefused && job.access == .ephemeral {
                // The keys are the last thing that sealing removes: an earlier try was cut off after it had done all.
                return
            } catch let failure as Failure where Following.isTransient(failure) && attempt < 5 {
                // Sealing can be done any number of times.
                context.progress(.note("The connection was cut; once more."))
            }
        }
    }

    /// Before it forgets them: the proof boot must show others.
    private func noteMarks(_ shell: GuestShell) async throws {
        let marks = try await GuestMarks.ask(shell)
        record.hostKey = marks.hostKey
        record.formerMarks = (record.formerMarks ?? []).filter { $0 != marks } + [marks]
        try folder.save(record)
    }

    private var instanceID: String { "provision-gpu-vm-\(record.runID)" }

    /// The power-off is ACPI's and not part of it: this command's status says that all is out and on disk.
    private var sealCommand: String {
        let keys = "/run/gpu-guest-agent-keys"
        let generalise = job.contents.generalise ? " --generalise" : ""
        let seal = "seal --authorized-key-file \(keys) --instance-id \(shellQuote(instanceID))\(generalise)"
        guard job.contents.undo != nil else {
            return "umask 077; cat >\(keys) && \(AgentInstallation.path) \(seal) && rm -f \(keys)"
        }
        // An undone image keeps the logs, and not the agent. It goes before the keys, which must go last, and runs once more
        // from a file without a name: /run may be noexec. The folder stays where it is the distribution's.
        return """
            umask 077; set -e
            cat >\(keys)
            exec 9<\(AgentInstallation.path)
            rm -f \(AgentInstallation.path) \(AgentInstallation.unitFile) \(AgentInstallation.identityUnitFiles)
            rpm -qf /usr/local/libexec >/dev/null 2>&1 || rmdir /usr/local/libexec 2>/dev/null || true
            systemctl daemon-reload
            /proc/self/fd/9 \(seal)
            rm -f \(keys)
            """
    }

    func machineSpecification(disk: String, folder path: String, payloads: [PayloadDrive]) throws
        -> MachineSpecification
    {
        let credentials = try job.access == .ephemeral ? folder.keys.handIn(instanceID: instanceID) : nil
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return MachineSpecification(
            job: job, prepared: record.prepared, name: record.runID, sshPort: record.sshPort,
            firmware: try record.prepared.firmware.withOwnVariables(in: path), disk: disk, folder: path,
            payloads: payloads,
            seed: credentials.map { _ in folder.seedPath }, smbiosStrings: credentials?.smbiosStrings ?? [])
    }
}

extension MachineSpecification {
    /// The machine that a job asks for. Pure.
    init(
        job: Job, prepared: PreparedJob, name: String, sshPort: UInt16, firmware: Firmware, disk: String,
        folder: String, payloads: [PayloadDrive], seed: String?, smbiosStrings: [String]
    ) {
        let gpus: [GPUAttachment] =
            switch job.gpu {
            case .simulated: [.simulated]
            case .passthrough(let addresses): addresses.map { .vfio($0, companions: []) }
            case .none: []
            }
        let isDefault = job.gpuOptions == GPUOptions()
        self.init(
            name: name, machine: job.machine, accelerator: prepared.accelerator, cpus: job.cpus,
            memoryBytes: job.memoryBytes, firmware: firmware, diskPath: disk, diskBus: job.diskBus, nic: job.nic,
            macAddress: VirtualMachines.macAddress(for: name), sshPort: sshPort, display: job.display, gpus: gpus,
            payloads: payloads, seedFolder: seed, smbiosStrings: smbiosStrings,
            hideHypervisor: prepared.hideHypervisor, folder: folder, extraArguments: job.extraQEMUArguments,
            gpuOptions: isDefault ? nil : job.gpuOptions)
        if let fit = prepared.fit { apply(fit) }
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
