import Contract
import Foundation
import GPUReadings
import GRDB
import Host
public import Monitoring
import Synchronization
import Telemetry

/// The past of all GPUs in one SQLite file: each sample for a day, means of minutes and hours for longer.
///
/// A minute of a GPU is written when it is over, all that are due in one transaction every few seconds, so that a killed
/// process loses at most the minute that it was in; one that ends in order loses nothing.
public final class TelemetryStore: TelemetryHistory, Sendable {
    /// How often is written, in seconds.
    public static let writeEvery = 5.0

    private struct Key: Hashable {
        var machine: String
        var number: Int
    }

    private struct Pending {
        /// The minute that each GPU is in.
        var current: [Key: MinuteOfSamples] = [:]
        var uuids: [Key: String] = [:]
        /// Minutes that are over.
        var done: [(Key, MinuteOfSamples)] = []
        var events: [HistoryEvent] = []
        var isClosed = false
    }

    private struct Numbers {
        var facts: [GPUFact: UInt64] = [:]
        var factsByNumber: [UInt64: GPUFact] = [:]
        var gpus: [Key: Int64] = [:]
        /// Of the upkeep: hours up to here are made, and the GPUs that are still to be looked at.
        var nextHour: Int64?
        var upkeep: [Int64] = []
    }

    /// Events that wait for the next write; more are a flood.
    private static let eventLimit = 100_000
    /// GPUs whose old rows are looked after with each write.
    private static let upkeepPortion = 100

    private let path: String
    private let database: any DatabaseWriter
    private let lock: LockFile?
    private let retention: Retention
    private let pending = Mutex(Pending())
    private let numbers = Mutex(Numbers())
    /// One write at a time.
    private let writing = Mutex(())

    /// Opens, or begins, the database in `folder` (which exists, 0700).
    ///
    /// Throws a ``Contract/Failure``: another process writes there, the file is damaged, or of a newer version. It is left as it is.
    public static func writer(folder: String, retention: Retention = .standard) throws -> TelemetryStore {
        let path = "\(folder)/telemetry.db"
        do {
            guard let lock = try LockFile.take("\(path).lock") else {
                throw Failure(
                    .runLocked, operation: "keep telemetry", message: "Another process keeps it in \(path).",
                    remedy: "Use that one, or stop it.", retryable: true, side: .host)
            }
            if !FileManager.default.fileExists(atPath: path) {
                try replaceFile(path, with: [])
            }
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 2
            configuration.prepareDatabase { database in
                // With WAL a lost power loses the last transactions at most, never the file.
                try database.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            if try pool.read(StoreSchema.migrator.hasBeenSuperseded) { throw StoreFailures.newer(path) }
            try StoreSchema.migrator.migrate(pool)
            return try TelemetryStore(path: path, database: pool, lock: lock, retention: retention)
        } catch {
            throw StoreFailures.failure(error, path: path, operation: "open the telemetry database")
        }
    }

    /// What another process keeps in `folder`; nil where nothing is kept. Throws a ``Contract/Failure``.
    public static func reader(folder: String) throws -> TelemetryStore? {
        let path = "\(folder)/telemetry.db"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            if try queue.read(StoreSchema.migrator.hasBeenSuperseded) { throw StoreFailures.newer(path) }
            guard try queue.read(StoreSchema.migrator.hasCompletedMigrations) else { return nil }
            return try TelemetryStore(path: path, database: queue, lock: nil, retention: .standard)
        } catch {
            throw StoreFailures.failure(error, path: path, operation: "open the telemetry database")
        }
    }

    private init(path: String, database: any DatabaseWriter, lock: LockFile?, retention: Retention) throws {
        (self.path, self.database, self.lock, self.retention) = (path, database, lock, retention)
        if lock != nil {
            try database.write { database in
                for fact in SampledFacts.numbers {
                    try database.execute(sql: "INSERT OR IGNORE INTO fact(key) VALUES (?)", arguments: [fact.key])
                }
            }
        }
        try loadNumbers()
    }

    private func loadNumbers() throws {
        let (facts, gpus) = try database.read { database in
            (
                try Row.fetchAll(database, sql: "SELECT id, key FROM fact"),
                try Row.fetchAll(database, sql: "SELECT id, machine, number FROM gpu")
            )
        }
        let known = Dictionary(SampledFacts.numbers.map { ($0.key, $0) }) { first, _ in first }
        numbers.withLock { numbers in
            for row in facts {
                guard let fact = known[row["key"]] else { continue }
                let number: Int64 = row["id"]
                numbers.facts[fact] = UInt64(number)
                numbers.factsByNumber[UInt64(number)] = fact
            }
            for row in gpus { numbers.gpus[Key(machine: row["machine"], number: row["number"])] = row["id"] }
        }
    }

    // MARK: Taking

    /// A ``Monitoring/TelemetryHub``'s listener. Quick: what is new waits in memory for the next ``write(now:)``.
    public func take(_ machine: String, _ news: TelemetryNews) {
        pending.withLock { pending in
            guard !pending.isClosed else { return }
            switch news {
            case .sample(let sample, let time):
                let minute = MinuteOfSamples.minute(of: time)
                for gpu in sample.gpus {
                    let key = Key(machine: machine, number: gpu.index)
                    if let uuid = gpu.uuid, pending.uuids[key] != uuid { pending.uuids[key] = uuid }
                    if let current = pending.current[key], current.minute != minute {
                        pending.done.append((key, current))
                        pending.current[key] = nil
                    }
                    pending.current[key, default: MinuteOfSamples(minute: minute)].append(gpu.numbers, at: time)
                }
            case .xid(let xid):
                Self.add(
                    HistoryEvent(
                        time: xid.time, machine: machine, kind: "xid", code: xid.event.code,
                        pciAddress: xid.event.pciAddress, text: xid.event.text), to: &pending)
            case .sampler(let state, let detail, let time):
                let text = detail.isEmpty ? state.rawValue : "\(state.rawValue): \(detail)"
                Self.add(
                    HistoryEvent(time: time, machine: machine, kind: "sampler", code: nil, pciAddress: nil, text: text),
                    to: &pending)
            case .link(let link, let time):
                let text =
                    switch link {
                    case .connected: "connected"
                    case .stopped: "stopped"
                    case .waiting(let why): "waiting: \(why)"
                    }
                Self.add(
                    HistoryEvent(time: time, machine: machine, kind: "link", code: nil, pciAddress: nil, text: text),
                    to: &pending)
            }
        }
    }

    private static func add(_ event: HistoryEvent, to pending: inout Pending) {
        if pending.events.count < eventLimit { pending.events.append(event) }
    }

    // MARK: Writing

    /// Writes what is due at `now`, seconds since 1970, and looks after what is old. Throws a ``Contract/Failure``; what was not
    /// written waits for the next time.
    public func write(now: Double) throws {
        let minute = MinuteOfSamples.minute(of: now)
        try flush(now: now) { pending in
            // A minute may get a sample that took its time; two seconds suffice, a later one is merged.
            let over = pending.current.filter { $0.value.minute < minute && now - Double(minute) * 60 > 2 }
            for (key, samples) in over {
                pending.done.append((key, samples))
                pending.current[key] = nil
            }
        }
    }

    /// Writes all, and takes no more.
    public func close(now: Double) throws {
        try flush(now: now) { pending in
            pending.done += pending.current.map { ($0.key, $0.value) }
            pending.current = [:]
            pending.isClosed = true
        }
    }

    private func flush(now: Double, _ choose: (inout Pending) -> Void) throws {
        try writing.withLock { _ in
            let (done, events, uuids) = pending.withLock { pending in
                choose(&pending)
                defer { (pending.done, pending.events) = ([], []) }
                return (pending.done, pending.events, pending.uuids)
            }
            do {
                try database.write { database in
                    for (key, samples) in done { try write(samples, of: key, uuid: uuids[key], database) }
                    for event in events { try write(event, database) }
                    try lookAfter(now: now, database)
                }
            } catch {
                pending.withLock { pending in
                    // Bounded: an hour of a full disk must not become a full memory.
                    if pending.done.count < 50_000 { pending.done = done + pending.done }
                    if pending.events.count < Self.eventLimit { pending.events = events + pending.events }
                }
                // Numbers that were given in the transaction are void.
                numbers.withLock { $0.gpus = [:] }
                try? loadNumbers()
                throw StoreFailures.failure(error, path: path, operation: "keep telemetry")
            }
        }
    }

    private func write(_ samples: MinuteOfSamples, of key: Key, uuid: String?, _ database: Database) throws {
        guard !samples.times.isEmpty else { return }
        let gpu = try number(of: key, uuid: uuid, database)
        let facts = numbers.withLock { $0.facts }
        var samples = samples
        let old = try [UInt8].fetch(database, "sample", gpu, samples.minute)
        if let old { samples = samples.merged(with: try MinuteOfSamples(minute: samples.minute, old, fact: fact)) }
        let summary = samples.summary
        try replace(database, "sample", gpu, samples.minute, samples.bytes { facts[$0] })
        try replace(database, "minute", gpu, samples.minute, summary.bytes { facts[$0] })
        let hour = samples.minute / 60 * 60
        // An hour that is made already, and this came late: made again, of its minutes.
        if try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT 1 FROM hour WHERE id = ?"),
            arguments: [StoreRow.id(gpu, hour)])
            == true
        {
            try makeHour(hour, of: gpu, database)
        }
    }

    private func replace(_ database: Database, _ table: String, _ gpu: Int64, _ start: Int64, _ bytes: [UInt8]) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO \(table)(id, data) VALUES (?, ?)")
            .execute(arguments: [StoreRow.id(gpu, start), Data(bytes)])
    }

    private func number(of key: Key, uuid: String?, _ database: Database) throws -> Int64 {
        if let number = numbers.withLock({ $0.gpus[key] }) { return number }
        try database.execute(
            sql: "INSERT OR IGNORE INTO gpu(machine, number, uuid) VALUES (?, ?, ?)",
            arguments: [key.machine, key.number, uuid])
        let number = try Int64.fetchOne(
            database, sql: "SELECT id FROM gpu WHERE machine = ? AND number = ?", arguments: [key.machine, key.number])
        guard let number else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a GPU that was inserted is not there")
        }
        numbers.withLock { $0.gpus[key] = number }
        return number
    }

    private func write(_ event: HistoryEvent, _ database: Database) throws {
        try database.cachedStatement(
            sql: "INSERT INTO event(time, machine, kind, code, pci, text) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                Int64(event.time * 1000), event.machine, event.kind, event.code, event.pciAddress, event.text,
            ])
    }

    // MARK: Upkeep

    /// Hours made of minutes, and what is too old taken away, a portion of the GPUs with each write.
    private func lookAfter(now: Double, _ database: Database) throws {
        let portion = numbers.withLock { numbers in
            if numbers.upkeep.isEmpty { numbers.upkeep = numbers.gpus.values.sorted() }
            let portion = Array(numbers.upkeep.suffix(Self.upkeepPortion))
            numbers.upkeep.removeLast(portion.count)
            return portion
        }
        // The hour is made two minutes after its end, when its last minutes are there.
        let ended = Int64(((now - 120) / 3600).rounded(.down)) * 60
        for gpu in portion {
            let last = try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT max(id) FROM hour WHERE id >= ? AND id < ?"),
                arguments: [StoreRow.id(gpu, 0), StoreRow.id(gpu + 1, 0)]
            ).map(StoreRow.start)
            let hours = try Int64.fetchAll(
                database.cachedStatement(
                    sql: "SELECT DISTINCT (id & 0xffffffff) / 60 * 60 FROM minute WHERE id >= ? AND id < ?"),
                arguments: [StoreRow.id(gpu, last.map { $0 + 60 } ?? 0), StoreRow.id(gpu, ended)])
            for hour in hours { try makeHour(hour, of: gpu, database) }
            for (table, kept) in [
                ("sample", retention.samples), ("minute", retention.minutes), ("hour", retention.hours),
            ] {
                try database.cachedStatement(sql: "DELETE FROM \(table) WHERE id >= ? AND id < ?")
                    .execute(arguments: [
                        StoreRow.id(gpu, 0), StoreRow.id(gpu, MinuteOfSamples.minute(of: now - kept)),
                    ])
            }
        }
        try database.cachedStatement(sql: "DELETE FROM event WHERE time < ?")
            .execute(arguments: [Int64((now - retention.hours) * 1000)])
    }

    private func makeHour(_ hour: Int64, of gpu: Int64, _ database: Database) throws {
        let rows = try Data.fetchAll(
            database.cachedStatement(sql: "SELECT data FROM minute WHERE id >= ? AND id < ?"),
            arguments: [StoreRow.id(gpu, hour), StoreRow.id(gpu, hour + 60)])
        var summary = SampleSummary()
        for row in rows { summary.add(try SampleSummary(Array(row), fact: fact)) }
        let facts = numbers.withLock { $0.facts }
        try replace(database, "hour", gpu, hour, summary.bytes { facts[$0] })
    }

    private func fact(_ number: UInt64) -> GPUFact? { numbers.withLock { $0.factsByNumber[number] } }

    // MARK: Reading

    public func series(_ query: HistoryQuery) throws -> HistorySeries {
        let resolution = HistoryResolution(for: query)
        var points: [HistoryPoint] = []
        do {
            let gpu = try database.read { database in
                try Int64.fetchOne(
                    database, sql: "SELECT id FROM gpu WHERE machine = ? AND number = ?",
                    arguments: [query.machine, query.gpu])
            }
            if lock == nil, numbers.withLock({ $0.factsByNumber.isEmpty }) { try loadNumbers() }
            if let gpu { points = try stored(query, resolution, of: gpu) }
        } catch {
            throw StoreFailures.failure(error, path: path, operation: "read the telemetry database")
        }
        let waiting = pending.withLock { pending in
            let key = Key(machine: query.machine, number: query.gpu)
            return (pending.done.filter { $0.0 == key }.map(\.1) + [pending.current[key]].compactMap { $0 })
        }
        for samples in waiting { points += Self.points(of: samples, query.fact) }
        let chosen = points.filter { (query.from..<query.to).contains($0.time) }.sorted { $0.time < $1.time }
        return resolution.fold(chosen)
    }

    private func stored(
        _ query: HistoryQuery, _ resolution: HistoryResolution, of gpu: Int64
    ) throws -> [HistoryPoint] {
        let first = MinuteOfSamples.minute(of: query.from) - (resolution.table == .hour ? 59 : 0)
        let rows = try database.read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT id, data FROM \(resolution.table.rawValue) WHERE id >= ? AND id < ? ORDER BY id",
                arguments: [StoreRow.id(gpu, first), StoreRow.id(gpu, Int64((query.to / 60).rounded(.up)))])
        }
        return try rows.flatMap { row -> [HistoryPoint] in
            let start = StoreRow.start(row["id"])
            let data: Data = row["data"]
            if resolution.table == .sample {
                return Self.points(of: try MinuteOfSamples(minute: start, Array(data), fact: fact), query.fact)
            }
            guard let entry = try SampleSummary(Array(data), fact: fact).entries[query.fact] else { return [] }
            return [
                HistoryPoint(
                    time: Double(start) * 60, mean: entry.mean, minimum: entry.minimum, maximum: entry.maximum,
                    count: entry.count)
            ]
        }
    }

    private static func points(of samples: MinuteOfSamples, _ fact: GPUFact) -> [HistoryPoint] {
        guard let column = samples.columns[fact] else { return [] }
        return (0..<samples.times.count).compactMap { place in
            let value = column[place]
            guard !value.isNaN else { return nil }
            return HistoryPoint(time: samples.time(place), value: value)
        }
    }

    public func events(of machine: String?, from: Double, to: Double, limit: Int) throws -> [HistoryEvent] {
        let range = Int64(max(0, from) * 1000)..<max(Int64(max(0, from) * 1000), Int64(min(to, 1e11) * 1000))
        do {
            let rows = try database.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT * FROM event WHERE time >= ? AND time < ? AND (? IS NULL OR machine = ?)
                        ORDER BY time DESC, id DESC LIMIT ?
                        """, arguments: [range.lowerBound, range.upperBound, machine, machine, limit])
            }
            let stored = rows.map { row in
                HistoryEvent(
                    time: Double(row["time"] as Int64) / 1000, machine: row["machine"], kind: row["kind"],
                    code: row["code"], pciAddress: row["pci"], text: row["text"])
            }
            let waiting = pending.withLock { $0.events }.filter {
                $0.time >= from && $0.time < to && (machine == nil || $0.machine == machine)
            }
            return Array((waiting.reversed() + stored).prefix(limit))
        } catch {
            throw StoreFailures.failure(error, path: path, operation: "read the telemetry database")
        }
    }
}

extension [UInt8] {
    fileprivate static func fetch(_ database: Database, _ table: String, _ gpu: Int64, _ start: Int64) throws
        -> [UInt8]?
    {
        let statement = try database.cachedStatement(sql: "SELECT data FROM \(table) WHERE id = ?")
        return try Data.fetchOne(statement, arguments: [StoreRow.id(gpu, start)]).map { Array($0) }
    }
}
