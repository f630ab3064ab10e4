public import Contract
public import Guest

/// Tells what a plan would do to this machine, and why, without changing anything.
///
/// Steps are asked for their check and their preview only, and with a runner that runs nothing but programs which look
/// (``LookingRunner``): that nothing is changed does not depend on each step's good behaviour.
public struct DryRunner: Sendable {
    private let guest: Guest

    /// A dry run on `guest`.
    public init(_ guest: Guest) {
        self.guest = Guest(
            root: guest.root, runner: LookingRunner(guest.runner), architecture: guest.architecture)
    }

    /// What `plan` would do. A step that cannot say, since an earlier one has not run, says so.
    public func run(_ plan: Plan) async -> DryRun {
        await run(plan, steps: plan.steps)
    }

    func run(_ plan: Plan, steps: [any Step]) async -> DryRun {
        var told: [DryRun.Step] = []
        for step in steps {
            // The first step that is not done yet: what comes later may hang on it.
            let earlier = told.first { $0.verdict == .needed || $0.verdict == .unknown }
            told.append(await prospect(of: step, plan, earlier: earlier))
        }
        return DryRun(steps: told)
    }

    private func prospect(of step: any Step, _ plan: Plan, earlier: DryRun.Step?) async -> DryRun.Step {
        let context = StepContext(guest: guest, plan: plan, isDry: true) { _ in }
        var told = DryRun.Step(id: step.id, title: step.title, verdict: .needed)
        do {
            switch try await step.check(context) {
            case .satisfied(let evidence):
                told.verdict = .satisfied
                told.reasons = evidence
                return told
            case .needed(let reason): told.reasons = [reason]
            case .blocked(let failure):
                told.verdict = .blocked
                told.reasons = [failure.message]
                told.failure = failure
                return told
            }
        } catch {
            told.verdict = .unknown
            told.reasons = [Self.unsure(error, earlier)]
        }
        do {
            told.actions = try await step.preview(context)
        } catch {
            told.actions = [.note("what it would do cannot be told now. " + Self.unsure(error, earlier))]
        }
        return told
    }

    private static func unsure(_ error: any Error, _ earlier: DryRun.Step?) -> String {
        let words = (error as? Failure)?.message ?? describe(error)
        return earlier.map { "Only after \"\($0.title)\" can this be said; now: \(words)" } ?? words
    }
}

/// Runs programs that look, and no other.
struct LookingRunner: CommandRunner {
    private let runner: any CommandRunner

    init(_ runner: any CommandRunner) {
        self.runner = runner
    }

    /// Beginnings of command lines that change nothing.
    static let looking: [[String]] = [
        ["dpkg-query"], ["dpkg", "--print-architecture"], ["dpkg", "-S"], ["apt-cache"], ["rpm", "-q"], ["rpm", "-qf"],
        ["rpm", "-qa"], ["rpm", "--query"],
        ["rpm", "-E"], ["rpm", "--eval"], ["pacman", "-Q"], ["pacman", "-Qo"], ["pacman", "-T"],
        ["systemctl", "--version"], ["systemctl", "show-environment"],
        ["systemctl", "is-enabled"], ["systemctl", "is-active"], ["systemctl", "show"], ["systemctl", "cat"],
        ["modinfo"], ["lsmod"], ["modprobe", "--show-depends"], ["modprobe", "-n"], ["uname"], ["lspci"], ["dmesg"],
        ["lsinitramfs"], ["lsinitrd"], ["lsinitcpio"], ["grubby", "--info"], ["grubby", "--default-kernel"],
        ["ldconfig", "-p"], ["mokutil", "--sb-state"], ["mokutil", "--test-key"], ["systemd-detect-virt"],
        ["dkms", "status"], ["tail", "-c"], ["findmnt"], ["lsblk"], ["df"], ["getent"],
    ]
    /// Looks at more than is needed by changing a little (Inspect loads cpuid for a moment): left out without a word.
    static let omitted: [[String]] = [["modprobe", "-q"], ["udevadm", "settle"]]
    /// Programs that only print their version when asked for it, wherever they lie.
    private static let versioned: Set = ["gcc", "g++", "cc", "c++", "nvcc", "ld", "make", "dracut", "cmake", "perl"]

    static func looks(_ command: Command) -> Bool {
        if looking.contains(where: { command.arguments.starts(with: $0) }) { return true }
        guard command.arguments.count == 2, let program = command.arguments[0].split(separator: "/").last else {
            return false
        }
        // gcc-12, x86_64-linux-gnu-gcc
        let name = program.split(separator: "-").first { versioned.contains(String($0)) }
        return name != nil && ["--version", "-dumpversion", "-dumpfullversion"].contains(command.arguments[1])
    }

    func run(_ command: Command) async throws -> CommandResult {
        if Self.omitted.contains(where: { command.arguments.starts(with: $0) }) { return CommandResult(.exited(1)) }
        guard Self.looks(command) else {
            throw Failure.guest(
                .commandFailed, "look at the machine",
                "`\(command.line)` is not run in a dry run: it may change something.",
                remedy: "Run the plan.")
        }
        return try await runner.run(command)
    }
}
