import FoundationEssentials
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// Changes the running machine.
public struct LiveDriverChanges: DriverChanges {
    private let countdown: WriteCountdown

    /// The running machine. Where the environment has PROVISION_GPU_VM_DIE_AFTER_WRITES=N, the process kills itself
    /// (SIGKILL) after its N-th write to sysfs: so the tests with a real kernel crash it between any two writes.
    public init() {
        let limit = ProcessInfo.processInfo.environment["PROVISION_GPU_VM_DIE_AFTER_WRITES"].flatMap { Int($0) }
        countdown = WriteCountdown(limit)
    }

    public func write(_ text: String, to path: String, deadline: Duration) async -> DriverChange {
        // cat hands on in one write(2) what it reads at once, and tells the kernel's answer in words.
        let child = ChangingChild("the write", .path("/bin/sh"), ["-c", "exec cat >\"$0\"", path], input: text)
        guard let end = await child.end(within: deadline) else { return .hanging(await child.abandon()) }
        countdown.count()
        return end
    }

    public func run(_ arguments: [String], deadline: Duration) async -> DriverChange {
        guard let name = arguments.first else { return .refused("no program") }
        guard let program = findExecutable(name) else { return .refused("there is no \(name) on this host") }
        let child = ChangingChild(name, .path(FilePath(program)), Array(arguments.dropFirst()), input: "")
        guard let end = await child.end(within: deadline) else { return .hanging(await child.abandon()) }
        return end
    }

    public func setOwner(_ user: UInt32, of path: String) -> DriverChange {
        guard chown(path, user, gid_t.max) == 0 else { return .refused(Errno(rawValue: errno).description) }
        return .accepted
    }
}

/// Ends this process after a number of writes.
private final class WriteCountdown: Sendable {
    private let left: Mutex<Int?>

    init(_ limit: Int?) {
        left = Mutex(limit)
    }

    func count() {
        let isOver = left.withLock { left in
            if let number = left { left = number - 1 }
            return left.map { $0 <= 0 } ?? false
        }
        if isOver { kill(getpid(), SIGKILL) }
    }
}

/// One change in a process of its own, which may never come back. It has a session of its own, too: a Ctrl-C in the
/// terminal must not end it halfway.
private final class ChangingChild: Sendable {
    private struct State {
        var pid: Int32?
        var end: DriverChange?
        var waiter: CheckedContinuation<DriverChange?, Never>?
    }

    /// What it does, for people: "the write".
    private let name: String
    private let state = Mutex(State())

    init(_ name: String, _ executable: Executable, _ arguments: [String], input: String) {
        self.name = name
        var options = PlatformOptions()
        options.createSession = true
        let configuration = Configuration(
            executable: executable, arguments: Arguments(arguments),
            environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options)
        // Detached: a cancelled task would kill the child between opening and writing.
        Task.detached { [self] in
            do {
                let result = try await Subprocess.run(
                    configuration, input: .string(input), output: .discarded, error: .string(limit: 4096)
                ) { execution in
                    let pid = execution.processIdentifier.value
                    state.withLock { $0.pid = pid }
                }
                let words = result.standardError.split(separator: "\n").joined(separator: "; ")
                if case .exited(0) = result.terminationStatus {
                    finish(.accepted)
                } else {
                    finish(.refused(words.isEmpty ? "\(result.terminationStatus)" : words))
                }
            } catch {
                finish(.refused("\(name) cannot be begun: \(error)"))
            }
        }
    }

    private func finish(_ end: DriverChange) {
        let waiter = state.withLock { state in
            state.end = end
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: end)
    }

    /// Its end; nil where it has not come at the deadline. The timer is a task of its own, since the caller's may be
    /// cancelled.
    func end(within deadline: Duration) async -> DriverChange? {
        let timer = Task.detached { [self] in
            try? await Task.sleep(for: deadline)
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.waiter = continuation }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Looks at what hangs, asks it to go, and leaves it: in the kernel it hears no signal.
    func abandon() async -> [String] {
        guard let pid = state.withLock({ $0.pid }) else { return ["the process of \(name) did not start"] }
        var seen = ["\(name) is in process \(pid), state \(ProcessStat(pid: pid).map { String($0.state) } ?? "gone")"]
        for name in ["wchan", "stack"] {
            let text = LiveHost().text("/proc/\(pid)/\(name)", limit: 4096) ?? ""
            seen += text.split(separator: "\n").prefix(12).map { "/proc/\(pid)/\(name): \($0)" }
        }
        kill(pid, SIGKILL)
        if await end(within: .seconds(1)) == nil { seen.append("process \(pid) does not end, even by SIGKILL") }
        return seen
    }
}
