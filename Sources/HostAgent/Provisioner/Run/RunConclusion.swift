import Contract

extension RunFolder {
    /// Writes what the tools printed and the report. Where that cannot be written, `given` is told all the same, and what
    /// went wrong with it.
    ///
    /// - Parameters:
    ///   - given: What the run failed of; empty where it did not.
    ///   - end: Writes down that a run with a verdict has ended; returns whether it has ended, and nothing will go on with it.
    ///   - report: Makes the report of the guest's journal and of all failures.
    func conclude(
        _ given: [Failure], end: () throws -> Bool, report: ([JournalRecord], [Failure]) -> Report
    ) -> Report {
        var failures = given
        var journal: [JournalRecord] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch {
                let words = Session.failures(of: error)
                if failures.isEmpty {
                    failures = words
                } else {
                    failures[0].cleanup += words.map(\.message)
                }
            }
        }
        attempt {
            let copy = try GuestJournal(path: journalPath)
            journal = copy.records
            try saveOutputs(of: copy)
        }
        attempt {
            if try end() { FolderArchive(store: payloadsPath).prune(keeping: []) }
        }
        let report = report(journal, failures)
        attempt { try write(JSON.pretty(report), to: reportPath) }
        return report
    }
}
