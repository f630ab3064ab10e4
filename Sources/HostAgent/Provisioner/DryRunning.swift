import Contract
import FoundationEssentials
import Passthrough
import SecureShell
import VirtualMachines

/// A dry run: everything up to the guest's first change, on a throwaway overlay, and nothing left behind.
extension Provisioning {
    /// Checks the inputs, boots the guest and has its agent look. Throws what stands in the way of looking; what would
    /// stand in the way of doing is in the report.
    public func dryRun() async throws -> DryRunReport {
        let folder = RunFolder(state: state, resultPath: job.resultPath).dryRun
        try folder.create()
        let lock = try RunLock(folder: folder)
        defer { withExtendedLifetime(lock) {} }
        do {
            // Left over from one that was killed.
            try await VirtualMachine.adopt(folder: folder.vmPath)?.quit()
            await putBackAbandoned(except: folder)
            let report = try await look(folder)
            try await sweep(folder)
            return report
        } catch {
            // In a task of its own, since this one may be cancelled. A folder whose VM lives stays: by it the VM is found.
            try? await Task { try await sweep(folder) }.value
            guard error is CancellationError || Task.isCancelled else { throw error }
            throw Failure(
                .interrupted, operation: "look what would be done", message: "Interrupted; nothing was changed.",
                remedy: "Run the same command again.", retryable: true, side: .host)
        }
    }

    /// Ends what a dry run that was killed left running: a VM that holds the GPU and a part of the host's memory. One that
    /// is at work is left alone.
    func endKilledDryRun(_ folder: RunFolder) async {
        guard FileManager.default.fileExists(atPath: folder.path), let lock = try? RunLock(folder: folder) else {
            return
        }
        defer { withExtendedLifetime(lock) {} }
        do {
            try await sweep(folder)
        } catch {
            let words = (error as? Failure)?.message ?? "\(error)"
            context.progress(.warning("What an earlier dry run left cannot be removed: \(words)"))
        }
    }

    /// Removes a dry run's folder, once its VM is gone.
    private func sweep(_ folder: RunFolder) async throws {
        try await VirtualMachine.adopt(folder: folder.vmPath)?.quit()
        for failure in await RunClaims(context.claims, folder: folder.path).giveBack().failures {
            context.progress(.warning("\(failure.message) \(failure.remedy)"))
        }
        try? FileManager.default.removeItem(atPath: folder.path)
    }

    private func look(_ folder: RunFolder) async throws -> DryRunReport {
        context.progress(.phase("Check the inputs"))
        let real = RunFolder(state: state, resultPath: job.resultPath)
        let earlier = try real.load()
        try folder.clear()
        let prepared = try await Preflight.prepare(
            job, context: context, cache: state, store: folder.payloadsPath,
            standing: Preflight.Standing(
                continuing: earlier.map { $0.phase != .ended } ?? false,
                resultMayExist: earlier.map { $0.phase != .ended || $0.isPublished } ?? false, dryRun: true))
        for warning in prepared.warnings { context.progress(.warning(warning)) }
        if let earlier, earlier.phase != .ended, !startOver {
            context.progress(
                .note("A run for this result is unfinished (\(earlier.phase.rawValue)); without --dry-run it goes on."))
        }
        let session = Session(
            folder: folder,
            record: RunRecord(
                runID: folder.runID, job: job, prepared: prepared, phase: .preparing,
                startedAt: Date().timeIntervalSince1970, sshPort: try job.sshPort ?? freeLoopbackPort()),
            context: context)
        let (steps, specification) = try await session.look()
        return DryRunReport(
            undo: job.contents.undo != nil, simulated: job.gpu == .simulated, image: job.image, result: job.resultPath,
            backing: backing(prepared), command: command(specification, real), drives: drives(prepared),
            accelerator: prepared.accelerator.rawValue, acceleratorReason: prepared.acceleratorReason,
            warnings: prepared.warnings, steps: steps)
    }

    private func backing(_ prepared: PreparedJob) -> String? {
        if case .overlay = job.destination, prepared.image.format == "qcow2" { job.image } else { nil }
    }

    private func drives(_ prepared: PreparedJob) -> [DryRunReport.Drive] {
        zip(prepared.payloads, prepared.drives).map { payload, drive in
            DryRunReport.Drive(
                role: payload.role, path: source(payload, drive), size: payload.size, serial: drive.serial)
        }
    }

    /// Of an archive that was made only to look at it: the folder it was made of.
    private func source(_ payload: Payload, _ drive: PayloadDrive) -> String {
        let given: [Payload.Role: String?] = [
            .samples: job.contents.samples, .nvbandwidth: job.contents.nvbandwidth,
            .packages: job.contents.offlinePackages,
        ]
        return (given[payload.role] ?? nil) ?? drive.path
    }

    /// The same machine on the run's own disk, in the run's own folder.
    private func command(_ looked: MachineSpecification, _ real: RunFolder) -> [String] {
        var specification = looked
        specification.name = real.runID
        specification.macAddress = macAddress(for: real.runID)
        specification.diskPath = WorkDisk(job: job, runID: real.runID).path
        specification.folder = real.vmPath
        specification.seedFolder = looked.seedFolder.map { _ in real.seedPath }
        specification.payloads = looked.payloads.map { drive in
            var drive = drive
            let archives = RunFolder(state: state, resultPath: job.resultPath).dryRun.payloadsPath
            if drive.path.hasPrefix(archives + "/") {
                drive.path = real.payloadsPath + drive.path.dropFirst(archives.count)
            }
            return drive
        }
        return ["qemu-system-x86_64"] + qemuArguments(for: specification)
    }
}

extension Session {
    /// Boots IMAGE on a throwaway overlay and has the agent say what it would do. The VM is gone afterwards.
    func look() async throws -> (steps: [DryRun.Step], specification: MachineSpecification) {
        if job.access == .ephemeral { try await folder.keys.make() }
        let overlay = "\(folder.vmPath)/throwaway.qcow2"
        try await QemuImg.createOverlay(
            at: overlay, backing: job.image, backingFormat: record.prepared.image.format, size: job.diskSize)
        let emulated = record.prepared.accelerator == .tcg
        context.progress(
            .phase(
                "Boot the guest on a throwaway disk\(emulated ? " (emulated: \(record.prepared.acceleratorReason))" : "")"
            ))
        let specification = try machineSpecification(
            disk: overlay, folder: folder.vmPath, payloads: record.prepared.drives)
        let machine = try await launch(specification)
        do {
            let steps = try await ask(machine)
            try await machine.quit()
            return (steps, machine.record.specification)
        } catch {
            var problems: [String] = []
            do { try await machine.quit() } catch { problems = Self.failures(of: error).map(\.message) }
            guard var failure = error as? Failure else { throw error }
            failure.cleanup += problems
            throw failure
        }
    }

    private func ask(_ machine: VirtualMachine) async throws -> [DryRun.Step] {
        let reach = reach(machine)
        let shell = try await reach.shell(hostKey: nil, user: nil)
        context.progress(.phase("Ask the guest agent what it would do"))
        let agent = AgentInstallation(shell, of: record)
        return try await reach.watch.during("ask the guest agent what it would do") { [plan] in
            try await agent.install()
            return try await shell.dryRun(plan, by: "\(AgentInstallation.path) run --plan - --dry-run --format json")
        }
    }
}

extension GuestShell {
    /// What the agent would do to this machine, step by step. `command` starts its dry run, with the plan on its input.
    func dryRun(_ plan: Plan, by command: String) async throws -> [DryRun.Step] {
        let output = try await attempt(
            command, input: Array(try JSONEncoder().encode(plan)), deadline: .seconds(600), outputLimit: 8 << 20)
        guard let answer = try? JSONDecoder().decode(DryRun.self, from: Data(output.stdoutText.utf8)) else {
            throw Failure(
                .guestTalkedNonsense, operation: "ask the guest agent what it would do",
                message: "The agent did not answer with a dry run (status \(output.status)).",
                evidence: Array(Printable.lines(output.stderrText + "\n" + output.stdoutText).suffix(20)),
                remedy: "Use the agent that was built with this tool (--agent).", side: .guest)
        }
        return answer.steps
    }
}
