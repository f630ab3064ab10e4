import Contract
import Glibc
import Host
import Subprocess
import Synchronization
import SystemPackage

/// How a process ended.
enum ProcessEnd: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// It was not this process's child: only its absence was seen.
    case unseen
}

/// One QEMU process, started here or by an earlier run. It lives on when this process dies.
///
/// Whoever starts a process owns it: it is reaped and its end is kept, also where nobody waits.
final class MachineProcess: Sendable {
    private struct State {
        var end: ProcessEnd?
        var nextID = 0
        var waiters: [Int: CheckedContinuation<ProcessEnd?, Never>] = [:]
    }

    let pid: Int32
    let startTime: UInt64
    private let state = Mutex(State())

    /// Takes over a process that an earlier run started; nil where it is gone.
    init?(adopting pid: Int32, startTime: UInt64) {
        guard let stat = ProcessStat(pid: pid), stat.isAlive, stat.startTime == startTime else { return nil }
        self.pid = pid
        self.startTime = startTime
        // Another's child cannot be waited for. Looking four times a second costs nothing next to a guest; pidfds would
        // need Linux 5.3 and a C shim.
        Task.detached { [self] in
            while let stat = ProcessStat(pid: pid), stat.isAlive, stat.startTime == startTime {
                try? await Task.sleep(for: .milliseconds(250))
            }
            finish(.unseen)
        }
    }

    private init(child pid: Int32) {
        self.pid = pid
        // Not reaped yet, so its entry is there even where it died at once.
        startTime = ProcessStat(pid: pid)?.startTime ?? 0
    }

    /// Starts a program in a session of its own, so that Ctrl-C in the terminal reaches us and not the guest.
    ///
    /// - Parameters:
    ///   - executable: Absolute.
    ///   - arguments: Without the program's name.
    ///   - folder: Its working directory.
    ///   - log: Takes its standard output and standard error, appended; a file, since a pipe would die with us.
    ///   - liftingMemoryLock: Lifts its limit on locked memory, and not ours, as far as we may.
    /// - Returns: The running process.
    /// - Throws: Errno for the log, SubprocessError for the program.
    static func spawn(
        _ executable: String, _ arguments: [String], folder: String, log: String, liftingMemoryLock: Bool = false
    ) async throws -> MachineProcess {
        let log = try FileDescriptor.open(
            FilePath(log), .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        var options = PlatformOptions()
        options.createSession = true
        // The shell becomes the program: the process is the same one.
        let command =
            liftingMemoryLock
            ? ["/bin/sh", "-c", memoryLockLift, "sh", executable] + arguments : [executable] + arguments
        let configuration = Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            workingDirectory: FilePath(folder), platformOptions: options)
        return try await withCheckedThrowingContinuation { started in
            // Detached, since `run` kills its process when its task is cancelled, and QEMU belongs to no task of ours.
            Task.detached {
                let process = Mutex<MachineProcess?>(nil)
                do {
                    let result = try await run(
                        configuration, input: .none,
                        output: .fileDescriptor(log, closeAfterSpawningProcess: true), error: .combinedWithOutput
                    ) { execution in
                        let child = MachineProcess(child: execution.processIdentifier.value)
                        process.withLock { $0 = child }
                        started.resume(returning: child)
                    }
                    let end: ProcessEnd =
                        switch result.terminationStatus {
                        case .exited(let status): .exited(status)
                        case .signaled(let signal): .signalled(signal)
                        }
                    process.withLock { $0 }?.finish(end)
                } catch {
                    guard let child = process.withLock({ $0 }) else { return started.resume(throwing: error) }
                    child.finish(.unseen)
                }
            }
        }
    }

    /// How it ended; nil while it runs.
    var end: ProcessEnd? { state.withLock { $0.end } }

    /// Waits for the end; nil where the task was cancelled before it.
    func wait() async -> ProcessEnd? {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended = state.withLock { state -> ProcessEnd? in
                    if state.end == nil { state.waiters[id] = continuation }
                    return state.end
                }
                if let ended { return continuation.resume(returning: ended) }
                // Cancelled before it was registered: the handler below found nobody.
                if Task.isCancelled { release(id) }
            }
        } onCancel: {
            release(id)
        }
    }

    /// Sends a signal unless it is over. The start time is compared right before, so that no other process that got the
    /// number is hit.
    func signal(_ number: Int32) {
        guard end == nil, ProcessStat(pid: pid)?.startTime == startTime else { return }
        _ = kill(pid, number)
    }

    private func release(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
    }

    private func finish(_ end: ProcessEnd) {
        let waiters = state.withLock { state in
            state.end = end
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }
}
