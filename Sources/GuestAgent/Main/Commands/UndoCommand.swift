import ArgumentParser
import Contract
import FoundationEssentials
import Guest
import Provisioning

struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Take out again what this agent put into this machine, and nothing else.",
        discussion: """
            Runs NVIDIA's uninstallers for what this agent installed, and puts files, boot arguments and initramfs back as \
            they were. What somebody changed since is left and named. Prints one JSON object: runID, succeeded, takenBack, \
            remaining. Interrupted, the same command goes on.
            """)

    @Flag(help: "Remove the packages, too, that were installed at this agent's request.")
    var packages = false
    @Flag(help: "Give an unfinished run up, which is otherwise a reason to refuse.")
    var abandon = false
    @OptionGroup var dry: DryRunOptions

    private struct Result: Codable {
        var runID: String
        var succeeded: Bool
        var takenBack: [String]
        var remaining: [String]
        var failure: Failure?
    }

    func run() async throws {
        let guest = Guest.live()
        let plan = Plan.undo(packages: packages, runID: "undo-\(Int64(Date.now.timeIntervalSince1970))")
        if dry.dryRun { return try dry.show(await DryRunner(guest).run(plan)) }

        let (runID, found) = try await Self.admit(plan, guest, abandon)
        guard found else {
            Console.say("nothing to undo")
            return try Console.json(
                Result(runID: runID, succeeded: true, takenBack: [], remaining: [], failure: nil))
        }
        do {
            try await ResumeCommand.resume(guest, unit: false)
        } catch is ExitCode {
            // The journal has the failure.
        }
        let records = try JournalReader.records(guest.root)
        let (takenBack, remaining) = Remains.split(records)
        let failure = records.lazy.compactMap { record -> Failure? in
            if case .stepFailed(_, let failure) = record.event { failure } else { nil }
        }.first
        for line in takenBack { Console.say("  \(line)") }
        if !remaining.isEmpty { Console.say("what remains:") }
        for line in remaining { Console.say("  \(line)") }
        try Console.json(
            Result(
                runID: runID, succeeded: records.last?.event == .finished(succeeded: true), takenBack: takenBack,
                remaining: remaining, failure: failure))
        if let failure { throw failure }
    }

    /// The run's name, and whether there is anything to do: a second undo begins no journal.
    private static func admit(_ plan: Plan, _ guest: Guest, _ abandon: Bool) async throws -> (String, Bool) {
        if RunStatus(of: guest.root).state != "interrupted" {
            let told = await DryRunner(guest).run(plan)
            if told.steps.allSatisfy({ $0.verdict == .satisfied }) { return (plan.runID, false) }
        }
        switch try PlanAdmission.admit(plan, to: guest, abandoning: abandon) {
        case .begun(let id), .continued(let id): return (id, true)
        case .running(let id):
            throw Failure.guest(
                .planRefused, "undo", "Run \(id) is under way in another process.",
                remedy: "Follow it (`gpu-guest-agent follow`), and run undo when it is done.", retryable: true)
        }
    }
}
