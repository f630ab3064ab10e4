import Contract
import Glibc
import Provisioner

/// A job from the options to its report: what `provision` and `undo` have in common.
struct JobLaunch {
    let job: Job
    let login: LoginOptions
    let options: RunOptions

    /// The options as values.
    static func job(
        image: String, contents: JobContents, gpu: Job.GPURequest, result: ResultOptions, machine: MachineOptions,
        login: LoginOptions, options: RunOptions
    ) throws -> Job {
        var job = try Self.job(
            image: image, contents: contents, gpu: gpu,
            destination: try result.destination(image, undo: contents.undo != nil), machine: machine, login: login)
        job.diskSize = result.diskSize?.bytes
        job.agent = options.agent.map(ProvisionCommand.absolute)
        job.skipProofBoot = result.skipProofBoot
        return job
    }

    /// The machine's options as values.
    static func job(
        image: String, contents: JobContents, gpu: Job.GPURequest, destination: Job.Destination,
        machine: MachineOptions, login: LoginOptions
    ) throws -> Job {
        Job(
            image: image, contents: contents, gpu: gpu, destination: destination, access: login.access(),
            memoryBytes: machine.memory.bytes,
            cpus: machine.cpus ?? min(4, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))), machine: machine.machine,
            diskBus: machine.diskBus, nic: machine.nic, firmware: machine.firmware?.need, accelerator: machine.accel,
            hideHypervisor: machine.hideHypervisor, display: try machine.display(), sshPort: machine.sshPort,
            extraQEMUArguments: machine.qemuArguments, gpuOptions: try machine.gpuOptions(),
            hugepages: machine.hugepages?.request, numa: machine.numa.request)
    }

    /// Does it, prints the report, and ends the process where it failed. `licencesAccepted` may ask; a dry run, which
    /// installs nothing, does not call it.
    func run(licencesAccepted: (Places) throws -> Bool) async throws {
        let places = Places(state: options.state)
        let renderer = ProgressRenderer(quiet: options.quiet)
        let context = JobContext(
            password: try login.password(), passphrase: try login.passphrase(),
            licencesAccepted: try options.dryRun || licencesAccepted(places), progress: { renderer.show($0) })
        let provisioning = Provisioning(
            job: job, context: context, state: places.state, startOver: options.startOver)
        if options.dryRun {
            let dryRun = try await Interruption.stopping(guestGoesOn: false) { try await provisioning.dryRun() }
            renderer.finish()
            switch options.format {
            case .json: try Terminal.writeJSON(dryRun)
            case .text: Terminal.write(DryRunRenderer(dryRun).text)
            }
            if let blocked = dryRun.firstFailure { Terminal.end(blocked.code.exitStatus) }
            return
        }
        let report = try await Interruption.stopping { try await provisioning.run() }
        renderer.finish()
        try Self.show(report, as: options.format)
    }

    /// Prints the report, and ends the process where the run failed.
    static func show(_ report: Report, as format: ReportFormat) throws {
        switch format {
        case .json: try Terminal.writeJSON(report)
        case .text: Terminal.write(SummaryRenderer(report).text)
        }
        if let first = report.failures.first {
            Terminal.exit(showing: report.failures, folder: report.runFolder, status: first.code.exitStatus)
        }
    }
}
