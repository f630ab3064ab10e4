import ArgumentParser
import Contract
import FoundationEssentials
import Host
import Passthrough

/// `provision-gpu-vm doctor`: whether this host can hand a GPU to a VM, and what to change where it cannot.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether this host can hand a GPU to a VM, and what to change where not.",
        discussion: """
            Only looks, unless told by --fix. Ends with 0 where nothing blocks, with 3 where something does. As root it sees \
            more.

            --fix writes boot arguments, modules-load.d and modprobe.d, has initramfs and boot loader made anew where that is \
            needed, and says whether to reboot. It shows the difference and asks first, and keeps every file beside.
            """)

    @Option(
        help: ArgumentHelp(
            "The GPU to look at, as 'gpus' lists them: address, index, part of the name, 'all' or 'auto'. (default: auto, else all)",
            valueName: "gpu"))
    var gpu: [String] = []

    @Option(help: ArgumentHelp("The memory that the guest is to have.", valueName: "size"))
    var memory = SizeArgument(bytes: 4 << 30)

    @OptionGroup var root: SystemRootOption

    @Option(
        help: ArgumentHelp(
            "Keep all that was looked at in a file, for a bug report. Passwords and serial numbers are left out.",
            valueName: "file"), completion: .file())
    var record: String?

    @Flag(help: "Change the host's configuration, so that the GPU goes to VMs from the next boot on.")
    var fix = false

    @Flag(help: "With --fix: only show what would be changed.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "With --fix: do not ask.")
    var yes = false

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func validate() throws {
        if dryRun && !fix { throw ValidationError("--dry-run belongs to --fix.") }
        if yes && !fix { throw ValidationError("--yes belongs to --fix.") }
        if fix && !dryRun && !root.isLive {
            throw ValidationError("--fix changes this machine: with --system-root, add --dry-run.")
        }
        if fix && !dryRun && format == .json {
            throw ValidationError("--fix with --format json shows only: add --dry-run.")
        }
    }

    func run() async throws {
        let tree = try root.tree()
        let recorder = RecordingTree(tree)
        let looked: any HostTree = record == nil ? tree : recorder
        let request = DoctorRequest(
            memory: memory.bytes, gpus: gpu.isEmpty ? [] : try GPUSelection.resolve(gpu, on: looked, anyDevice: true))
        if fix {
            let plan = await HostFix.plan(looked, request)
            if let record { try write(recorder.recording, to: record) }
            return try await carryOut(plan)
        }
        let report = await DoctorReport.of(looked, request)
        if record != nil {
            // Whoever reads the recording may ask for the list, or for a fix.
            _ = try? GPUInventory.read(looked)
            _ = await HostFix.plan(looked, request)
        }
        if let record { try write(recorder.recording, to: record) }
        switch format {
        case .json: try Terminal.writeJSON(report)
        case .text: Terminal.write(report.text)
        }
        if report.blocked { throw ExitCode(3) }
    }

    private func carryOut(_ plan: HostFix) async throws {
        if format == .json { return try Terminal.writeJSON(plan) }
        Terminal.write(plan.text(dryRun: dryRun))
        guard !dryRun, !plan.isEmpty else { return }
        if !yes {
            guard Terminal.isInteractive else {
                throw ValidationError("Nobody can be asked: add --yes, or --dry-run to only look.")
            }
            guard Terminal.confirm("Change this host?") else {
                Terminal.note("Nothing was changed.")
                return
            }
        }
        try await plan.apply(LiveHostChanges()) { Terminal.note($0) }
        Terminal.note(HostFix.done)
    }

    private func write(_ whole: HostRecording, to file: String) throws {
        var recording = whole
        // All names of all devices there are would be most of the file.
        recording.shortenPCINames()
        do {
            try Data(recording.json()).write(to: URL(filePath: ProvisionCommand.absolute(file)), options: .atomic)
        } catch {
            throw Failure(
                .hostSpace, operation: "keep what was looked at", message: "\(file) cannot be written: \(error)",
                remedy: "Name a file in a folder that exists and is this user's.", side: .host)
        }
        Terminal.note("recorded: \(file)")
    }
}
