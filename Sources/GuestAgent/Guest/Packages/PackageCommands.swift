import Contract

/// Runs one package manager's commands: waits while another process holds it, and names what fails.
struct PackageCommands: Sendable {
    let guest: Guest
    let sleep: @Sendable (Duration) async -> Void
    /// What outputs mean.
    let diagnoses: [PackageDiagnosis]
    let notFound: [NotFoundPattern]
    /// Beginnings of lines that tell most of a failure.
    let tellingPrefixes: [String]
    /// Exit statuses that are a success or nearly one.
    var successes: Set<Int32> = [0]
    /// Exit statuses that mean the lock.
    var lockedStatuses: Set<Int32> = []

    /// How long another process may hold the package manager, and how often it is asked again.
    static let lockPatience = Duration.seconds(600)
    static let lockPause = Duration.seconds(5)

    func succeeded(_ result: CommandResult) -> Bool {
        if case .exited(let status) = result.ending { successes.contains(status) } else { false }
    }

    /// Runs a command, again and again while another process holds the package manager. `freeLock` is asked after each
    /// such try whether it removed a lock that nobody holds.
    func run(
        _ command: Command, _ progress: @Sendable (String) -> Void, freeLock: () throws -> Bool = { false }
    ) async throws -> CommandResult {
        let clock = ContinuousClock()
        let end = clock.now + Self.lockPatience
        var result = try await guest.runner.run(command)
        var pauses = 0
        while isLocked(result), !StopRequest.isMade, pauses < Int(Self.lockPatience / Self.lockPause), clock.now < end {
            if pauses == 0 { progress("another process holds the package manager") }
            pauses += 1
            if try !freeLock() { await sleep(Self.lockPause) }
            result = try await guest.runner.run(command)
        }
        return result
    }

    /// Runs a command of which nothing but success is of use.
    func require(_ command: Command, _ names: [String], _ progress: @Sendable (String) -> Void) async throws {
        progress(command.line)
        let result = try await run(command, progress)
        if !succeeded(result) { throw failure(result, names, command) }
    }

    func isLocked(_ result: CommandResult) -> Bool {
        if succeeded(result) { return false }
        if case .exited(let status) = result.ending, lockedStatuses.contains(status) { return true }
        return diagnose(result).code == .packagesLocked
    }

    /// Those of `names` that the output says are not to be had.
    func namesNotFound(_ result: CommandResult, _ names: [String]) -> [String] {
        let told = result.output.lines.flatMap { line in notFound.flatMap { $0.names(in: line) } }
        // Punctuation around a name differs between versions.
        let plain = Set(told.map { $0.trimmingMarks })
        return names.filter { plain.contains($0) }
    }

    /// The failure of a command that was to install `names`.
    func failure(_ result: CommandResult, _ names: [String], _ command: Command) -> any Error {
        let missing = namesNotFound(result, names)
        let found = diagnose(result)
        let diagnosis = missing.isEmpty || found.code != .prerequisites || found.explainsAbsence ? found : .notFound
        let lines = result.output.lines
        // The words that it was known by are among the evidence, wherever they stand in a line.
        let telling = lines.filter { line in
            tellingPrefixes.contains { line.hasPrefix($0) } || diagnosis.patterns.contains { line.contains($0) }
        }
        let failure = Failure.guest(
            diagnosis.code, names.isEmpty ? command.line : "install \(names.joined(separator: ", "))",
            diagnosis.message, evidence: telling.isEmpty ? lines.lastLines(12) : telling.lastLines(12),
            remedy: diagnosis.remedy, retryable: diagnosis.retryable)
        return missing.isEmpty || failure.code != .prerequisites || diagnosis.explainsAbsence
            ? failure : PackagesNotFound(names: missing, failure: failure)
    }

    private func diagnose(_ result: CommandResult) -> PackageDiagnosis {
        let text = result.output
        let row = diagnoses.first { $0.patterns.contains { text.contains($0) } }
        // What was slow complained along the way, of the network above all.
        if result.ending == .timedOut && row?.code != .packagesLocked && row?.code != .guestSpace { return .deadline }
        return row ?? .unknown
    }
}

extension String {
    fileprivate var trimmingMarks: String {
        var text = self[...]
        while let last = text.last, ".':;\"".contains(last) { text.removeLast() }
        while let first = text.first, "'\"".contains(first) { text.removeFirst() }
        return String(text)
    }
}
