public import Contract
import FoundationEssentials
import Provisioner

/// Reports of runs, found again by what they made.
public enum StoredReports {
    /// The report of the provisioning that made `reference`: a VM of `start`, a run, or an image.
    ///
    /// - Throws: ``FailureCode/machineUnknown`` where no run is known that did; a ``Failure`` where its report is not written
    ///   yet or cannot be read.
    public static func report(_ reference: String, path: String, state: String) throws -> Report {
        let run = try run(reference, path: path, state: state)
        guard let report = try run.report() else {
            throw Failure(
                .machineUnknown, operation: "find the report", message: "The run \(run.name) has no report yet.",
                evidence: ["its folder: \(run.folder)"],
                remedy: "Let it come to its end: the command that began it goes on with it.", side: .host)
        }
        return report
    }

    /// A name wins over a file of that name in the current folder, unless it is written with a slash.
    private static func run(_ reference: String, path: String, state: String) throws -> StoredRun {
        if !reference.contains("/"), let known = try? KnownMachine.named(reference, state: state) {
            switch known {
            case .run(let run, _): return run
            case .machine(let home):
                guard let image = try home.load()?.image, let run = StoredRun.thatMade(image, state: state) else {
                    throw noRun(home.name, state: state)
                }
                return run
            }
        }
        guard let run = StoredRun.thatMade(path, state: state) else { throw noRun(reference, state: state) }
        return run
    }

    static func noRun(_ reference: String, state: String) -> Failure {
        let runs = StoredRun.all(state: state).map { "there is \($0.name)" }
        return Failure(
            .machineUnknown, operation: "find the run that made \(Printable.line(reference))",
            message: "No run in \(state) made \(Printable.line(reference)).",
            evidence: runs.isEmpty ? ["there is no run at all"] : Array(runs.suffix(20)),
            remedy: "Name a VM, a run or a provisioned image; another place of runs is named with --state.", side: .host
        )
    }
}
