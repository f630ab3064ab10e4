import Contract
public import Fleet
import Foundation
import GRDB
import Host

/// The state of all fleets of a place, in one SQLite file. Each change is a transaction; the writer holds the fleets' lock
/// (``Fleet/FleetPlace/lock()``), and readers see the last whole state meanwhile.
public final class FleetDatabase: FleetKeeper, Sendable {
    private let path: String
    private let database: any DatabaseWriter

    /// Opens, or begins, the database. The caller holds the fleets' lock for as long as it writes.
    ///
    /// Throws a ``Contract/Failure``: the file is damaged, or of a newer version. It is left as it is.
    public static func writer(_ place: FleetPlace) throws -> FleetDatabase {
        let path = place.database
        do {
            // Made by us, so that it is this user's alone.
            if !FileManager.default.fileExists(atPath: path) { try replaceFile(path, with: []) }
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 1
            let pool = try DatabasePool(path: path, configuration: configuration)
            if try pool.read(FleetSchema.migrator.hasBeenSuperseded) { throw Self.newer(path) }
            try FleetSchema.migrator.migrate(pool)
            return FleetDatabase(path: path, database: pool)
        } catch {
            throw Self.failure(error, path)
        }
    }

    /// The same for looking only; nil where there is none yet. Throws a ``Contract/Failure``.
    public static func reader(_ place: FleetPlace) throws -> FleetDatabase? {
        let path = place.database
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            if try queue.read(FleetSchema.migrator.hasBeenSuperseded) { throw Self.newer(path) }
            guard try queue.read(FleetSchema.migrator.hasCompletedMigrations) else { return nil }
            return FleetDatabase(path: path, database: queue)
        } catch {
            throw Self.failure(error, path)
        }
    }

    private init(path: String, database: any DatabaseWriter) {
        self.path = path
        self.database = database
    }

    // MARK: Keeping

    public func guests(of fleet: String) throws -> [GuestRecord] {
        try attempt {
            try database.read { database in
                let rows = try Data.fetchCursor(
                    database, sql: "SELECT record FROM guest WHERE fleet = ? ORDER BY name", arguments: [fleet])
                let decoder = JSONDecoder()
                var records: [GuestRecord] = []
                while let row = try rows.next() { records.append(try decoder.decode(GuestRecord.self, from: row)) }
                return records
            }
        }
    }

    /// The fleets that have guests, by name.
    public func fleets() throws -> [String] {
        try attempt {
            try database.read { try String.fetchAll($0, sql: "SELECT DISTINCT fleet FROM guest ORDER BY fleet") }
        }
    }

    public func put(_ guest: GuestRecord) throws {
        try attempt {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let record = try encoder.encode(guest)
            try database.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO guest(fleet, name, golden, record) VALUES (?, ?, ?, ?)",
                    arguments: [guest.blueprint.fleet, guest.name, guest.blueprint.golden, record])
            }
        }
    }

    public func remove(guest: String, of fleet: String) throws {
        try attempt {
            try database.write { database in
                try database.execute(sql: "DELETE FROM guest WHERE fleet = ? AND name = ?", arguments: [fleet, guest])
            }
        }
    }

    public func goldensInUse() throws -> Set<String> {
        try attempt {
            try database.read { Set(try String.fetchAll($0, sql: "SELECT DISTINCT golden FROM guest")) }
        }
    }

    // MARK: Failures

    private func attempt<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw Self.failure(error, path) }
    }

    private static func newer(_ path: String) -> Failure {
        Failure(
            .fleetDatabase, operation: "open the fleets' state", message: "\(path) is of a newer version.",
            remedy: "Use that version of provision-gpu-vm, or another place with --state. Nothing was changed.",
            side: .host)
    }

    private static func failure(_ error: any Error, _ path: String) -> Failure {
        if let failure = error as? Failure { return failure }
        let isDamaged = [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains((error as? DatabaseError)?.resultCode)
        return Failure(
            .fleetDatabase, operation: "keep the fleets' state",
            message: isDamaged ? "\(path) is damaged, or no database." : "\(path) cannot be used.",
            evidence: [Printable.line("\(error)")],
            remedy: isDamaged
                ? "`sqlite3 FILE .recover` may save what it has. Without it the guests' VMs are still there: "
                    + "`provision-gpu-vm list` shows them."
                : "Look at the file's owner and at the free space.", side: .host)
    }
}

extension FailureCode {
    /// The database of the fleets' state cannot be used.
    static let fleetDatabase = FailureCode("host.fleet-database")
}
