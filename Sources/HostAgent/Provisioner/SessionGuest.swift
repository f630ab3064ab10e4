import Contract
import FoundationEssentials
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
            agent: { [prepared, record] shell in
                AgentInstallation(
                    shell: shell, agentPath: prepared.agentPath, agentSHA256: prepared.agentSHA256, runID: record.runID)
            }, plan: plan,
            connected: { [self] shell in
                try await noteConnection(shell, bootStarted: &bootStarted)
            }, progress: context.progress, idleLimit: .seconds(180))
        context.progress(.phase("Provision the guest"))
        try await following.toTheEnd(
            journal: &journal, hostKey: { [self] in record.hostKey }, user: { [self] in record.user })
        try await settle(journal.finished ?? false, journal)
    }

    /// What follows from the guest's last word.
    private func settle(_ succeeded: Bool, _ journal: GuestJournal) async throws {
        let fold = JournalFold(journal.records)
        guard succeeded else {
            throw fold.failure
                ?? Failure(
                    .guestTalkedNonsense, operation: "provision the guest",
                    message: "The agent failed without a reason.",
                    remedy: "Look at the journal in the run folder.", side: .guest)
        }
        if fold.changed { return try enter(.sealing) }
        // IMAGE was provisioned before: the overlay holds nothing but a boot's traces.
        context.progress(.note("IMAGE is provisioned already; nothing was changed and nothing is written."))
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
        let emulated = record.prepared.accelerator == .tcg
        context.progress(.phase("Boot the guest\(emulated ? " (emulated: \(record.prepared.acceleratorReason))" : "")"))
        let powerOn = ContinuousClock.now
        let specification = try machineSpecification(disk: disk.path, folder: folder.vmPath, payloads: prepared.drives)
        return (try await launch(specification), powerOn)
    }

    func reach(_ machine: VirtualMachine) -> GuestReach {
        GuestReach(
            endpoint: SSHEndpoint(host: "127.0.0.1", port: machine.record.specification.sshPort),
            login: GuestLogin(access: job.access, folder: folder, context: context),
            watch: GuestWatch(machine: machine, console: machine.console),
            bootDeadline: record.prepared.accelerator == .tcg ? .seconds(900) : .seconds(300))
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
                    reason: record.boots.isEmpty ? "first boot" : "reboot", bootID: bootID, secondsToSSH: seconds))
            context.progress(
                .note(
                    "SSH answers\(seconds.map { " after \(Int($0)) s" } ?? ""), logged in as \(shell.connection.user).")
            )
        }
        bootStarted = nil
        try folder.save(record)
    }

    /// Takes this run's traces out of the guest and switches it off.
    func seal() async throws {
        context.progress(.phase("Switch the guest off"))
        if let machine = try await machine(in: folder.vmPath) {
            let reach = reach(machine)
            do {
                let shell = try await reach.shell(hostKey: record.hostKey, user: record.user)
                try await shell.run(
                    sealCommand, input: Array(try ephemeralKeys().joined(separator: "\n").utf8),
                    deadline: .seconds(120),
                    operation: "take the run's traces out of the guest")
            } catch let failure as Failure where failure.code == .sshRefused && job.access == .ephemeral {
                // This phase was entered before: the keys are gone, which is what was wanted.
            } catch let failure as Failure where [.qemuExited, .sshBroken].contains(failure.code) {
                // The power-off was faster than the answer.
            }
            let end = try await machine.powerDown(grace: .seconds(180))
            // Only a guest that switched itself off has written everything; `unseen` is one that had done so before.
            guard end.cause == .guestShutdown || end.cause == .unseen else {
                throw end.failure(during: "switch the guest off")
            }
        }
        try enter(job.skipProofBoot ? .publishing : .proving)
    }

    private var instanceID: String { "provision-gpu-vm-\(record.runID)" }

    /// Detached from the connection, which dies with sshd: `seal` itself powers off only once all is on disk.
    private var sealCommand: String {
        let keys = "/run/gpu-guest-agent-keys"
        return "umask 077; cat >\(keys) && \(AgentInstallation.path) seal --authorized-key-file \(keys)"
            + " --instance-id \(shellQuote(instanceID)) && rm -f \(keys)"
    }

    private func ephemeralKeys() throws -> [String] {
        guard job.access == .ephemeral else { return [] }
        return try ["root", "user"].map { name in
            guard let data = FileManager.default.contents(atPath: "\(folder.key(name)).pub") else {
                throw Failure(
                    .identityUnusable, operation: "read this run's keys", message: "\(folder.key(name)).pub is gone.",
                    remedy: "Begin anew with --start-over.", side: .host)
            }
            return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        }
    }

    func machineSpecification(disk: String, folder path: String, payloads: [PayloadDrive]) throws
        -> MachineSpecification
    {
        var seed: String?
        var strings: [String] = []
        if job.access == .ephemeral {
            let keys = try ephemeralKeys()
            let credentials = GuestCredentials(rootKey: keys[0], userKey: keys[1], instanceID: instanceID)
            try credentials.write(to: folder.seedPath)
            strings = credentials.smbiosStrings
            seed = folder.seedPath
        }
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return MachineSpecification(
            name: record.runID, machine: job.machine, accelerator: record.prepared.accelerator, cpus: job.cpus,
            memoryBytes: job.memoryBytes, firmware: try vmFirmware(), diskPath: disk, diskBus: job.diskBus,
            nic: job.nic,
            macAddress: macAddress(for: record.runID), sshPort: record.sshPort, display: job.display,
            gpus: gpuAttachments, payloads: payloads, seedFolder: seed, smbiosStrings: strings,
            hideHypervisor: record.prepared.hideHypervisor, folder: path, extraArguments: job.extraQEMUArguments)
    }

    private var gpuAttachments: [GPUAttachment] {
        switch job.gpu {
        case .simulated: [.simulated]
        case .passthrough(let addresses): addresses.map { .vfio($0, companions: []) }
        }
    }

    /// OVMF's variables are the VM's own: a copy in the run folder, made once and kept.
    private func vmFirmware() throws -> Firmware {
        guard case .uefi(let code, let template) = record.prepared.firmware else { return .bios }
        let variables = "\(folder.path)/ovmf-variables.fd"
        if !FileManager.default.fileExists(atPath: variables) {
            try FileManager.default.copyItem(atPath: template, toPath: variables)
        }
        return .uefi(code: code, variables: variables)
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
