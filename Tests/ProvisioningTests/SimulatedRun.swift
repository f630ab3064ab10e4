import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

/// Runs plans on a ``SimulatedGuest``, as the agent's unit does: from boot to boot until the journal is finished.
enum SimulatedRun {
    static let plan: Plan = {
        func payload(_ role: Payload.Role, _ name: String, _ text: String, _ serial: String) -> Payload {
            let digest = SimulatedGuest.digest(text)
            return Payload(
                role: role, fileName: name, size: Int64(text.utf8.count), sha256: serial, headSHA256: digest,
                tailSHA256: digest, location: .drive(serial: serial))
        }
        return Plan(
            runID: "run",
            recipe: Recipe(
                gpus: [.simulated], driver: DriverRecipe(version: SimulatedGuest.driverVersion, sha256: "driver"),
                toolkits: [
                    CUDARecipe(version: "11.4.4", sha256: "cuda", toolkitPath: SimulatedGuest.toolkit, samples: true)
                ], telemetry: TelemetryRecipe()),
            payloads: [
                payload(.driver, SimulatedGuest.driverRunfile, SimulatedGuest.driverPayload, "driver"),
                payload(.cuda, SimulatedGuest.cudaRunfile, SimulatedGuest.cudaPayload, "cuda"),
            ])
    }()

    /// To the end, through reboots. A journal that is unfinished is continued. Each record is a snapshot.
    @discardableResult
    static func finish(_ plan: Plan, on machine: SimulatedGuest, _ snapshots: Snapshots? = nil) async throws -> Journal
    {
        if JournalReader.plan(machine.fake.root)?.recipe != plan.recipe
            || RunStatus(of: machine.fake.root).state != "succeeded"
        {
            _ = try PlanAdmission.admit(plan, to: machine.guest)
        }
        for _ in 0..<6 {
            let guest = machine.guest
            let journal = try Journal.open(guest.root, boot: guest.bootID) {
                snapshots?.take(.durable(StateFolder.journal), "journal")
                return 0
            }
            let effects = Runner.Effects(reboot: { try machine.reboot() }, sleep: { _ in }, finished: {})
            let ending = try await Runner(guest: guest, steps: plan.steps, journal: journal, effects: effects).run()
            if case .finished = ending { return journal }
        }
        throw Failure(.internal, operation: "finish", message: "never ends", remedy: "", side: .guest)
    }

    /// What is not compared: the record of how it went, and what belongs to one boot.
    static func isPassing(_ path: String) -> Bool {
        let folder = StateFolder.path
        return path.hasPrefix(folder + "/journal") || path.hasPrefix(folder + "/logs") || path == folder + "/lock"
            || path.hasPrefix(ChangeLedger.folder) || path.hasPrefix("/var/log") || path.hasPrefix("/run")
            || path == "/proc/sys/kernel/random/boot_id" || path == "/proc/cmdline"
    }

    /// What the ledger says, whatever the order in which it came to know it.
    static func ledger(_ machine: SimulatedGuest) throws -> [String] {
        let changes = try ChangeLedger(machine.fake.root).read()
        return changes.files.map { "\($0.path): \($0.original)" }.sorted() + changes.packages.sorted()
    }
}
