import Contract
import FoundationEssentials
import Glibc
import Host

/// Runs guests as Slurm jobs: an array element each, whose VM lives inside the job. There is no daemon: what is known is in Slurm's queue
/// and in the spool, so that the submitter may end at any time, and the same command again finds its jobs.
public struct SlurmEngine: Sendable {
    /// What became of guests that were to be submitted.
    public struct Submission: Equatable, Sendable {
        /// Submitted now.
        public var submitted: [String] = []
        /// In the queue already, with the same task: left as they are.
        public var queued: [String] = []
        /// The arrays' job numbers.
        public var jobs: [Int] = []
    }

    /// Looks in a row in which a job that is over has no result, before there will be none.
    static let patience = 3
    /// Failed looks in a row after which Slurm is given up.
    static let silences = 60

    public let spool: SlurmSpool
    private let site: SlurmSite
    /// The command before SPOOL and N in a job.
    private let tool: [String]
    private let tools: any SlurmTools
    /// Waits until the next look. Neither squeue nor shared storage has an event to wait for.
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - tool: The command that a job runs, before SPOOL and N: `provision-gpu-vm fleet slurm-task`.
    ///   - pause: How it waits between two looks.
    public init(
        spool: SlurmSpool, site: SlurmSite, tool: [String], tools: any SlurmTools = LiveSlurmTools(),
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.spool = spool
        self.site = site
        self.tool = tool
        self.tools = tools
        self.pause = pause
    }

    // MARK: - Submitting

    /// Submits guests, each that is not in the queue already.
    ///
    /// - Parameter jobs: At most so many of an array at once; nil for all that Slurm has room for.
    /// - Throws: ``Failures`` where a need cannot be asked for, or a guest is queued with another task: then nothing is submitted. A
    ///   ``Failure`` where sbatch refuses; what was submitted before stays, and the same call goes on.
    public func submit(_ tasks: [GuestTask], jobs: Int? = nil) async throws -> Submission {
        guard let fleet = tasks.first?.fleet else { return Submission() }
        var failures: [Failure] = []
        var needs: [SlurmNeed?] = []
        for task in tasks {
            do throws(Failure) {
                needs.append(try SlurmNeed(task, site))
            } catch {
                failures.append(error)
                needs.append(nil)
            }
        }
        guard failures.isEmpty else { throw Failures(failures) }

        // The lock first: of two submitters that find no spool, one makes it.
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        var header = try spool.open(fleet: fleet, arraySize: site.arraySize) {
            String(UUID().uuidString.lowercased().prefix(8))
        }
        let numbers = tasks.map { header.number(of: $0.guest) }
        // Numbers before jobs: a job whose number nobody knows could be submitted twice.
        try spool.write(header)
        try spool.write(site)

        let queue = try await newest(header)
        var submission = Submission()
        var todo: [(number: Int, need: SlurmNeed)] = []
        var new: [(task: GuestTask, number: Int)] = []
        for (task, (number, need)) in zip(tasks, zip(numbers, needs)) {
            if let queued = queue[number], !queued.state.isOver {
                if (try? spool.task(number)) == task {
                    submission.queued.append(task.guest)
                } else {
                    failures.append(Self.busy(task.guest, queued))
                }
            } else if let need {
                todo.append((number, need))
                new.append((task, number))
            }
        }
        guard failures.isEmpty else { throw Failures(failures) }
        for (task, number) in new {
            try spool.clear(number)
            try spool.write(task, number)
            submission.submitted.append(task.guest)
        }
        for (place, array) in SlurmArray.arrays(todo, size: header.arraySize).enumerated() {
            let script = try spool.write(
                script: array.script(tool: tool, spool: spool.folder), "array-\(array.first)-\(place).sh")
            submission.jobs.append(
                try await tools.submit(
                    array.arguments(
                        site: site, fleet: header.fleet, spoolID: header.id, spool: spool.folder, script: script,
                        jobs: jobs)))
        }
        return submission
    }

    // MARK: - Looking

    /// How guests stand now, in the order of their names; all of the spool's, or these.
    public func status(of guests: [String]? = nil) async throws -> [(guest: String, state: SlurmGuestState)] {
        let header = try known()
        let queue = try await newest(header)
        return try numbers(guests, header).map { guest, number in
            (
                guest,
                SlurmGuestState(
                    guest: guest, queued: queue[number], result: spool.result(number), isFinal: true)
            )
        }
    }

    /// Waits until every guest runs, has ended or has failed, and tells what happens meanwhile. Ending this ends no job.
    ///
    /// - Parameter guests: All of the spool's, or these.
    /// - Returns: How each stands, in the order of their names.
    public func follow(
        _ guests: [String]? = nil, tell: (SlurmNews) -> Void
    ) async throws -> [(guest: String, state: SlurmGuestState)] {
        let header = try known()
        var open = try numbers(guests, header).map { Followed(guest: $0, number: $1) }
        var settled: [Followed] = []
        var silences = 0
        while true {
            do {
                let queue = try await newest(header)
                silences = 0
                for place in open.indices { look(&open[place], queue, tell) }
                settled += open.filter { $0.state?.isSettled == true }
                open.removeAll { $0.state?.isSettled == true }
            } catch let failure as Failure where failure.retryable && silences < Self.silences {
                silences += 1
                tell(.silence(reason: failure.evidence.last ?? failure.message))
            }
            guard !open.isEmpty else { break }
            try await pause(.seconds(site.pollSeconds))
        }
        return settled.sorted { $0.guest < $1.guest }.map { ($0.guest, $0.state ?? .absent) }
    }

    private struct Followed {
        var guest: String
        var number: Int
        var state: SlurmGuestState?
        /// Events that were told.
        var offset = 0
        /// Looks in a row that found it settling.
        var settling = 0
    }

    private func look(_ followed: inout Followed, _ queue: [Int: QueuedTask], _ tell: (SlurmNews) -> Void) {
        let queued = queue[followed.number]
        // A job that waits has nothing to tell: of ten thousand guests, only those that run are looked at on the disk.
        let waits = queued?.state.isWaiting == true && followed.state != nil
        let state = SlurmGuestState(
            guest: followed.guest, queued: queued, result: waits ? nil : spool.result(followed.number),
            isFinal: followed.settling >= Self.patience)
        followed.settling = state == .settling ? followed.settling + 1 : 0
        if !waits || followed.state != state {
            let (events, next) = spool.events(followed.number, from: followed.offset)
            followed.offset = next
            for event in events { tell(.event(guest: followed.guest, event)) }
        }
        if followed.state != state {
            followed.state = state
            tell(.state(guest: followed.guest, state))
        }
    }

    // MARK: - Stopping

    /// Ends guests in order and waits until their jobs are gone: those that wait are cancelled; the others' jobs are told to power their guest
    /// off, and cancelled where that takes longer than `grace`. A guest without a job is fine.
    ///
    /// - Returns: Those whose jobs had to be cancelled while they ran: their guests were cut off.
    public func stop(_ guests: [String]? = nil) async throws -> [String] {
        let header = try known()
        let numbers = try numbers(guests, header)
        var told: Set<String> = []
        var forced: Set<String> = []
        var looks = 0
        let period = min(site.pollSeconds, 5)
        // After `grace` by force; Slurm's KillWait (30 s, rarely more) is in the same time again.
        let patience = (site.graceSeconds + 30) / period + 1
        while true {
            let queue = try await newest(header)
            let open = numbers.compactMap { guest, number in
                queue[number].flatMap { $0.state.isOver ? nil : (guest, $0) }
            }
            guard !open.isEmpty else { break }
            let waiting = open.map(\.1).filter(\.state.isWaiting).map(\.element)
            let running = open.map(\.1).filter { !$0.state.isWaiting }.map(\.element)
            try await tools.cancel(waiting)
            let new = running.filter { !told.contains($0) }
            if !new.isEmpty { try await tools.cancel(new, signal: "TERM") }
            told.formUnion(new)
            looks += 1
            if looks == patience {
                forced = Set(open.filter { running.contains($0.1.element) }.map(\.0))
                try await tools.cancel(running)
            }
            guard looks <= 2 * patience else {
                throw Failure(
                    .guestDidNotStop, operation: "stop guests", message: "\(open.count) jobs do not end.",
                    evidence: open.prefix(10).map { "\($0.0): \($0.1.element) is \($0.1.state.name) on \($0.1.node)" },
                    remedy: "Look at these nodes; Slurm kills a job's processes itself.", side: .host)
            }
            try await pause(.seconds(period))
        }
        return forced.sorted()
    }

    /// Ends guests in order and submits them anew, with the tasks that they had. (scontrol's requeue would signal QEMU as well, and cut
    /// the guest off.)
    public func requeue(_ guests: [String], jobs: Int? = nil) async throws -> Submission {
        let header = try known()
        let tasks = try numbers(guests, header).map { try spool.task($1) }
        _ = try await stop(guests)
        return try await submit(tasks, jobs: jobs)
    }

    // MARK: - What is known

    private func known() throws -> SlurmSpool.Header {
        guard let header = try spool.header() else {
            throw Failure(
                .machineUnknown, operation: "look at the fleet", message: "There is no spool in \(spool.folder).",
                remedy: "Submit the fleet first, or name the site file it was submitted with.", side: .host)
        }
        return header
    }

    /// Guests with their numbers, by name. Throws where one has none.
    private func numbers(_ guests: [String]?, _ header: SlurmSpool.Header) throws -> [(guest: String, number: Int)] {
        guard let guests else { return header.guests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        let unknown = guests.filter { header.guests[$0] == nil }
        guard unknown.isEmpty else {
            throw Failure(
                .machineUnknown, operation: "look at the fleet",
                message: "Never submitted: \(Printable.line(unknown.prefix(10).joined(separator: ", "))).",
                remedy: "Submit them first.", side: .host)
        }
        return guests.compactMap { guest in header.guests[guest].map { (guest, $0) } }.sorted { $0.guest < $1.guest }
    }

    /// Of each guest's elements the one that counts: an open one, else the latest.
    private func newest(_ header: SlurmSpool.Header) async throws -> [Int: QueuedTask] {
        let last = header.guests.count - 1
        let names = stride(from: 0, through: last, by: header.arraySize).map {
            JobName(fleet: header.fleet, spool: header.id, first: $0).text
        }
        var tasks: [Int: QueuedTask] = [:]
        for task in try await tools.queue(names: names, user: geteuid()) {
            guard let name = JobName(task.name), name.spool == header.id, name.fleet == header.fleet else { continue }
            let number = name.first + task.index
            if let other = tasks[number] {
                let isBetter = (task.state.isOver ? 0 : 1, task.job) > (other.state.isOver ? 0 : 1, other.job)
                guard isBetter else { continue }
            }
            tasks[number] = task
        }
        return tasks
    }

    private func lock() throws -> LockFile {
        try makePrivateFolder(spool.folder, operation: "make the fleet's spool")
        let path = spool.path("submitter.lock")
        let lock: LockFile?
        do {
            lock = try LockFile.take(path)
        } catch {
            throw Failure(
                .hostSpace, operation: "lock the fleet's spool", message: "\(path) cannot be made: \(error)",
                remedy: "Look at the space and the rights of the shared folder.", side: .host)
        }
        guard let lock else {
            throw Failure(
                .runLocked, operation: "submit jobs to Slurm",
                message:
                    "Another command submits to \(spool.folder)\(LockFile.holder(of: path).map { ", process \($0)" } ?? "").",
                remedy: "Wait until it is done.", retryable: true, side: .host)
        }
        return lock
    }

    private static func busy(_ guest: String, _ queued: QueuedTask) -> Failure {
        Failure(
            .machineRunning, operation: "submit \(guest)",
            message: "\(guest) has a job with another task: \(queued.element) is \(queued.state.name).",
            remedy: "Stop it first.", side: .host)
    }
}
