import ArgumentParser
import Contract
import FoundationEssentials
import Glibc
import Guest
import Provisioning
import SystemPackage

struct PlanOption: ParsableArguments {
    @Option(help: "The plan, a JSON document; - for standard input.")
    var plan: String

    func read() throws -> Plan {
        let limit = 1 << 20
        do {
            let bytes =
                plan == "-"
                ? try FileDescriptor.standardInput.readAll(limit: limit)
                : try SystemRoot.live.bytes(FilePath(plan).isAbsolute ? plan : cwd(plan), limit: limit)
            return try JSONDecoder().decode(Plan.self, from: Data(bytes))
        } catch {
            throw Failure.guest(
                .planRefused, "read the plan", "\(plan) is no plan: \(describe(error))",
                remedy: "Use the agent that was built with this tool (--agent).")
        }
    }

    private func cwd(_ path: String) -> String {
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}

struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Put this program and its systemd unit into place.")

    func run() async throws {
        let changes = try await AgentInstallation(.live()).install()
        for change in changes { Console.say("installed \(change)") }
        try Console.json(["program": AgentInstallation.program, "version": ContractVersion.tool])
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Accept a plan and start the unit that carries it out; returns at once.")

    @OptionGroup var input: PlanOption
    @Flag(help: "Carry the plan out in this process, without the unit.")
    var foreground = false
    @OptionGroup var dry: DryRunOptions

    func validate() throws {
        try dry.validate()
        if dry.dryRun && foreground { throw ValidationError("A dry run carries nothing out: leave --foreground out.") }
    }

    func run() async throws {
        let plan = try input.read()
        let guest = Guest.live()
        if dry.dryRun { return try dry.show(await DryRunner(guest).run(plan)) }
        let admission = try PlanAdmission.admit(plan, to: guest)
        let runID: String
        switch admission {
        case .begun(let id), .continued(let id), .running(let id): runID = id
        }
        if foreground {
            try await ResumeCommand.resume(guest, unit: false)
        } else {
            let installation = AgentInstallation(guest)
            _ = try await installation.install()
            try await installation.enable()
            try await installation.start()
        }
        try Console.json(["runID": runID])
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Continue the journal to its end or to a reboot; what the unit runs.")

    func run() async throws {
        try await Self.resume(.live(), unit: true)
    }

    static func resume(_ guest: Guest, unit: Bool) async throws {
        guard let lock = try await RunLock.take(guest.root, patience: .seconds(5)) else {
            Console.say("another process runs the journal")
            return
        }
        defer { withExtendedLifetime(lock) {} }
        let journal = try Journal.open(guest.root, boot: guest.bootID)
        guard let plan = journal.plan else {
            Console.say("there is no plan")
            return
        }
        let effects = Runner.Effects(
            reboot: {
                let command = Command(["systemctl", "reboot"])
                let result = try await guest.runner.run(command)
                guard result.succeeded else {
                    throw Failure.command(
                        command, result, code: .rebootFailed, operation: "reboot", remedy: "Reboot the guest by hand.")
                }
            },
            sleep: { try? await Task.sleep(for: $0) },
            finished: { if unit { try? await AgentInstallation(guest).disable() } })
        let ending = try await Runner(guest: guest, steps: plan.steps, journal: journal, effects: effects).run()
        Console.say("\(ending)")
        // A failed plan is a result, told by the journal; the unit itself did its work.
        if ending == .finished(succeeded: false) && !unit { throw ExitCode(1) }
    }
}

struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print the journal's records, one a line, as they come; an empty line is a heartbeat.",
        discussion: "Ends with 0 after the last record, with 3 where no process carries the unfinished journal on.")

    @Option(help: "Leave out records up to this number.")
    var after = 0

    func run() async throws {
        let follower = JournalFollower(.live()) { try Console.line($0) }
        switch try await follower.follow(after: after) {
        case .finished: return
        case .agentGone:
            Console.say("the agent does not run, and the journal is unfinished; `gpu-guest-agent run` continues it")
            throw ExitCode(3)
        case .noJournal:
            Console.say("there is no journal: no plan was accepted in this guest")
            throw ExitCode(3)
        }
    }
}
