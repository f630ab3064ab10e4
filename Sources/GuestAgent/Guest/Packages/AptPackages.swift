import Contract

/// Debian's package manager, used as little as possible: only for what is missing, and without a network where all is
/// there.
public struct AptPackages: Sendable {
    private let guest: Guest
    private let sleep: @Sendable (Duration) async -> Void

    /// The package manager of `guest`. `sleep` is for tests.
    public init(
        _ guest: Guest, sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.guest = guest
        self.sleep = sleep
    }

    /// Those of `names` that are not installed, in their order.
    public func missing(_ names: [String]) async throws -> [String] {
        guard !names.isEmpty else { return [] }
        // dpkg-query ends with 1 where it knows none of a name; its lines are the answer.
        let result = try await guest.runner.run(
            Command(["dpkg-query", "-W", "-f", "${Package} ${Status}\n"] + names))
        let installed = Set(
            result.output.lines.compactMap { line -> String? in
                let words = line.words
                return words.dropFirst() == ["install", "ok", "installed"] ? words.first : nil
            })
        return names.filter { !installed.contains($0) }
    }

    /// Installs `names`. The lists are brought up to date only where there are none or where the first try fails. An update
    /// that fails is no end: one dead source is often not the one that has the packages.
    ///
    /// Throws ``FailureCode/packagesLocked`` or ``FailureCode/prerequisites`` with apt's own words.
    public func install(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()  // it may be installing packages itself
        var update: CommandResult?
        if !hasLists {
            progress("apt-get update")
            update = try await apt(Self.listUpdate, progress)
        }
        progress("apt-get install \(names.joined(separator: " "))")
        var result = try await apt(Self.installation(of: names), progress)
        if !result.succeeded && update == nil && Self.diagnose(result).code != .packagesLocked {
            progress("apt-get update, since the install failed")
            update = try await apt(Self.listUpdate, progress)
            result = try await apt(Self.installation(of: names), progress)
        }
        guard !result.succeeded else { return }
        if let update, !update.succeeded { result.output = update.output + "\n" + result.output }
        throw Self.failure(result, names)
    }

    /// How long another process may hold the package manager, and how often it is asked again.
    private static let lockPatience = Duration.seconds(600)
    private static let lockPause = Duration.seconds(5)

    /// Runs apt, again and again while another process holds it: apt itself waits for dpkg's lock, and not for the one of
    /// the lists.
    private func apt(_ command: Command, _ progress: @Sendable (String) -> Void) async throws -> CommandResult {
        let clock = ContinuousClock()
        let end = clock.now + Self.lockPatience
        var result = try await guest.runner.run(command)
        if !result.succeeded, result.output.contains("dpkg was interrupted") {
            progress("dpkg --configure -a, since dpkg was interrupted")
            _ = try await guest.runner.run(
                Command(["dpkg", "--configure", "-a"], deadline: .seconds(1800), mergesErrors: true))
            result = try await guest.runner.run(command)
        }
        var pauses = 0
        while !result.succeeded, Self.diagnose(result).code == .packagesLocked, !StopRequest.isMade,
            pauses < Int(Self.lockPatience / Self.lockPause), clock.now < end
        {
            if pauses == 0 { progress("another process holds the package manager") }
            pauses += 1
            await sleep(Self.lockPause)
            result = try await guest.runner.run(command)
        }
        return result
    }

    private var hasLists: Bool {
        guest.root.list("/var/lib/apt/lists").contains { $0.hasSuffix("_Packages") || $0.contains("_Packages.") }
    }

    private static let waitForLock = ["-o", "DPkg::Lock::Timeout=600"]

    static let listUpdate = Command(
        ["apt-get", "-q", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"] + waitForLock + ["update"],
        deadline: .seconds(1200), mergesErrors: true)

    static func installation(of names: [String]) -> Command {
        Command(
            ["apt-get", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"] + waitForLock
                + ["install"] + names,
            deadline: .seconds(2400), mergesErrors: true)
    }

    private struct Diagnosis {
        var code: FailureCode
        var message: String
        var remedy: String
        var retryable: Bool
    }

    private static func failure(_ result: CommandResult, _ names: [String]) -> Failure {
        let diagnosis = diagnose(result)
        let telling = result.output.lines.filter { $0.hasPrefix("E:") || $0.hasPrefix("Err:") || $0.hasPrefix("W:") }
        return .guest(
            diagnosis.code, "install \(names.joined(separator: ", "))", diagnosis.message,
            evidence: telling.isEmpty ? result.output.lines.lastLines(12) : telling.lastLines(12),
            remedy: diagnosis.remedy, retryable: diagnosis.retryable)
    }

    private static func diagnose(_ result: CommandResult) -> Diagnosis {
        let text = result.output
        func says(_ patterns: String...) -> Bool { patterns.contains { text.contains($0) } }
        if says(
            "Could not get lock", "is locked by another process", "Unable to lock directory",
            "Unable to acquire the dpkg frontend lock")
        {
            return Diagnosis(
                code: .packagesLocked, message: "Another process held the package manager for ten minutes.",
                remedy: "Let unattended upgrades finish, or stop them in the image, and run the same command again.",
                retryable: true)
        }
        if says("No space left on device", "You don't have enough free space") {
            return Diagnosis(
                code: .guestSpace, message: "The guest's disk is too small for the packages.",
                remedy: "Grow the disk (--disk-size).", retryable: false)
        }
        if result.ending == .timedOut {
            return Diagnosis(
                code: .deadline, message: "The package manager did not end in time.",
                remedy: "Look at the guest's network and its mirrors; run the same command again.", retryable: true)
        }
        if says("Temporary failure resolving", "Could not resolve", "Could not connect", "Network is unreachable") {
            return Diagnosis(
                code: .prerequisites, message: "Packages are missing and the guest cannot reach its mirrors.",
                remedy:
                    "Give the guest a network, a mirror or a proxy that it reaches, or an image with gcc, make and the kernel headers inside.",
                retryable: true)
        }
        return Diagnosis(
            code: .prerequisites, message: "Packages are missing and the guest's sources do not offer them.",
            remedy: "Put gcc, make and the headers of the running kernel into the image, or working package sources.",
            retryable: false)
    }
}
