import Contract
import GRDB

extension FailureCode {
    /// The database of telemetry cannot be used.
    static let telemetryDatabase = FailureCode("host.telemetry-database")
}

enum StoreFailures {
    static func failure(_ error: any Error, path: String, operation: String) -> Failure {
        if let failure = error as? Failure { return failure }
        let seen = "\(error)"
        var (message, remedy) = (
            "\(path) cannot be used.", "Look at the file's owner and at the free space."
        )
        if let error = error as? DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                message = "\(path) is damaged, or no database."
                remedy =
                    "Move it away, with its -wal and -shm: a new one is begun. `sqlite3 FILE .recover` may save what it has."
            case .SQLITE_FULL:
                remedy = "Make room, or keep less: --retain samples=6h."
            default: break
            }
        }
        return Failure(
            .telemetryDatabase, operation: operation, message: message, evidence: [Printable.line(seen)],
            remedy: remedy,
            side: .host)
    }

    static func newer(_ path: String) -> Failure {
        Failure(
            .telemetryDatabase, operation: "open the telemetry database", message: "\(path) is of a newer version.",
            remedy: "Use that version of provision-gpu-vm, or another place with --state. Nothing was changed.",
            side: .host)
    }
}
