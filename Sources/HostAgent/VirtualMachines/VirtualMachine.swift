public import Contract
import FoundationEssentials
import Glibc
import Host
import Synchronization

/// A QEMU process and the guest in it.
///
/// It does not die with this process: a later one ``adopt(folder:through:)``s it from its folder.
public final class VirtualMachine: Sendable {
    /// Which of the two QMP sockets to use: each serves one client at a time.
    public enum Monitor: Sendable {
        /// The run that started the VM, or continues it.
        case owner
        /// Every other command: `stop`, `list`.
        case guest
    }

    /// What stands in vm.json.
    public let record: MachineRecord
    /// The files of this VM.
    public let folder: MachineFolder
    private let process: MachineProcess
    /// The connection, or why there is none: an adopted QEMU that does not answer can still be stopped.
    private let connection: Result<QMPClient, Failure>

    private init(record: MachineRecord, process: MachineProcess, connection: Result<QMPClient, Failure>) {
        self.record = record
        self.folder = MachineFolder(record.specification.folder)
        self.process = process
        self.connection = connection
    }

    /// Starts QEMU and waits until it answers; the guest then runs.
    ///
    /// - Parameters:
    ///   - spec: The machine. Its folder is made (0700) where it is missing; logs there are appended to.
    ///   - qemu: The program, found in PATH unless it is a path.
    ///   - portAttempts: How often to try. From the second try on, a port that is free is taken in place of one that is
    ///     not; ``record`` says which it was.
    ///   - fixedPorts: Ports of 127.0.0.1 for which no other is taken: somebody named them.
    ///   - deadline: How long QEMU may take until it answers. With a real GPU it pins the guest's memory before that.
    /// - Returns: The running machine. Whoever holds it must stop it, or leave it to a later run to adopt.
    /// - Throws: ``Failures`` for a specification that cannot be, else a ``Failure`` with QEMU's own words as evidence:
    ///   ``FailureCode/qemuFailed``, ``FailureCode/portUnavailable``, ``FailureCode/imageInUse``,
    ///   ``FailureCode/gpuUnavailable``, ``FailureCode/hostMemory``, ``FailureCode/toolMissing``. No process is left then.
    public static func launch(
        _ spec: MachineSpecification, qemu: String = "qemu-system-x86_64", portAttempts: Int = 1,
        fixedPorts: Set<UInt16> = [], deadline: Duration = .seconds(60)
    ) async throws -> VirtualMachine {
        let problems = spec.problems()
        guard problems.isEmpty else { throw Failures(problems) }
        let ports = LoopbackPorts(fixed: fixedPorts)
        var spec = try ports.chosen(spec)
        for _ in 1..<max(1, portAttempts) {
            do {
                return try await launchOnce(spec, qemu: qemu, deadline: deadline)
            } catch let failure as Failure where failure.code == .portUnavailable {
                guard let other = try ports.replaced(spec) else { throw failure }
                spec = other
            }
        }
        return try await launchOnce(spec, qemu: qemu, deadline: deadline)
    }

    private static func launchOnce(
        _ spec: MachineSpecification, qemu: String, deadline: Duration
    ) async throws -> VirtualMachine {
        let operation = "start the virtual machine \(spec.name)"
        guard let executable = findExecutable(qemu) else {
            throw missingTool(qemu, package: "qemu-system-x86", operation: operation)
        }
        let folder = MachineFolder(spec.folder)
        try prepare(folder, operation: operation)
        let pins = !spec.passedFunctions.isEmpty
        if pins, let problem = await memoryLockProblem(memoryBytes: spec.memoryBytes, tree: LiveHost()) {
            throw problem
        }
        let arguments = qemuArguments(for: spec)
        let consoleOffset = fileSize(folder.serialLog)
        let logOffset = fileSize(folder.qemuLog)
        var record = MachineRecord(
            pid: MachineRecord.launching, startTime: 0, hostBootID: hostBootID(), specification: spec,
            arguments: [executable] + arguments, launchedAt: Date().timeIntervalSince1970,
            consoleOffset: consoleOffset, logOffset: logOffset)
        // Before the process: were we killed between its start and this record, nobody would find it again.
        try record.write(to: folder.record)
        let process: MachineProcess
        do {
            process = try await MachineProcess.spawn(
                executable, arguments, folder: spec.folder, log: folder.qemuLog, liftingMemoryLock: pins)
        } catch {
            throw Failure(
                .qemuFailed, operation: operation, message: "\(executable) cannot be started: \(error)",
                remedy: "Look at the program's rights, and at the folder \(spec.folder).", side: .host)
        }
        do {
            record.pid = process.pid
            record.startTime = process.startTime
            try record.write(to: folder.record)
            let client = try await connect(folder, process: process, deadline: deadline)
            if let binding = spec.numa { try await pin(client, to: binding) }
            return VirtualMachine(record: record, process: process, connection: .success(client))
        } catch {
            let end = process.end
            await process.stop()
            guard let end else { throw error }
            throw launchFailure(logTail(folder.qemuLog, since: logOffset), end: end, spec: spec)
        }
    }

    /// Takes over the VM that an earlier process started in `folder`.
    ///
    /// - Returns: nil where it is provably gone: no record, no such process, another start time, another boot of the host.
    /// - Throws: A ``Failure`` where the record cannot be understood, since the VM may then live. A QEMU that does not
    ///   answer is no error here: it is returned, ``execute(_:arguments:deadline:)`` tells why, and it can be stopped.
    public static func adopt(folder path: String, through monitor: Monitor = .owner) async throws -> VirtualMachine? {
        let folder = MachineFolder(path)
        guard let record = try MachineRecord.read(from: folder.record)?.found(), record.hostBootID == hostBootID(),
            let process = MachineProcess(adopting: record.pid, startTime: record.startTime)
        else { return nil }
        let socket = monitor == .owner ? folder.qmpSocket : folder.monitorSocket
        let connection: Result<QMPClient, Failure>
        do {
            connection = .success(try await QMPClient.connect(socket: socket, deadline: .seconds(5)))
        } catch let failure as Failure {
            connection = .failure(failure)
        }
        if process.end != nil { return nil }
        return VirtualMachine(record: record, process: process, connection: connection)
    }

    /// QEMU's version as it prints it: "7.2.22".
    public static func qemuVersion(_ qemu: String = "qemu-system-x86_64") async throws -> String {
        let result = try await runTool(
            qemu, ["--version"], package: "qemu-system-x86", operation: "ask for QEMU's version")
        let words = result.output.split(whereSeparator: \.isWhitespace)
        guard result.status == 0, let index = words.firstIndex(of: "version"), index + 1 < words.count else {
            throw Failure(
                .qemuFailed, operation: "ask for QEMU's version", message: "\(qemu) --version gave no version.",
                evidence: result.complaints, remedy: "Run it by hand; reinstall QEMU.", side: .host)
        }
        return String(words[index + 1])
    }

    // MARK: - While it runs

    /// Whether the process lives.
    public var isRunning: Bool { process.end == nil }

    /// Runs a QMP command and answers its `return`. Throws as ``QMPClient/execute(_:arguments:deadline:)`` does.
    @discardableResult
    public func execute(
        _ command: String, arguments: [String: JSONValue] = [:], deadline: Duration = .seconds(20)
    ) async throws -> JSONValue {
        try await connection.get().execute(command, arguments: arguments, deadline: deadline)
    }

    /// QEMU's events from now on; ends with QEMU. Empty where QEMU could not be reached.
    public func events() -> AsyncStream<QMPEvent> {
        guard case .success(let client) = connection else { return AsyncStream { $0.finish() } }
        return client.events()
    }

    /// Trouble on the console of this launch.
    public var console: ConsoleWatch {
        ConsoleWatch(path: folder.serialLog, offset: record.consoleOffset, diskBus: record.specification.diskBus)
    }

    /// Waits for the end, however it comes, and tells how it was. In a cancelled task it answers at once with
    /// ``MachineEnd/Cause/waitCancelled``.
    public func ended() async -> MachineEnd {
        guard let end = await process.wait() else { return MachineEnd(cause: .waitCancelled, logTail: []) }
        var shutdown: QMPEvent?
        if case .success(let client) = connection {
            // The process's end may be seen before its last words are read.
            await within(.seconds(2)) { for await _ in client.events() {} }
            shutdown = client.recentEvents.last { $0.name == "SHUTDOWN" }
        }
        let cause = MachineEnd.cause(end, shutdown: shutdown)
        var tail = logTail(folder.qemuLog, since: record.logOffset)
        if cause == .guestPanicked { tail += logTail(folder.serialLog, since: record.consoleOffset, lines: 40) }
        return MachineEnd(cause: cause, logTail: tail)
    }

    /// As ``ended()``; nil where it still runs after `deadline`.
    public func ended(within deadline: Duration) async -> MachineEnd? {
        let end = await within(deadline) { await self.ended() }
        return end?.cause == .waitCancelled ? nil : end
    }

    // MARK: - Stopping

    /// Presses the power button, as a person would, and waits until the guest has shut itself down.
    ///
    /// - Parameter grace: How long the guest may take.
    /// - Returns: How it ended; ``MachineEnd/Cause/guestShutdown`` is the clean end, after which the disk is whole. Nil where
    ///   it still runs after `grace`.
    /// - Throws: CancellationError.
    public func pressPowerButton(grace: Duration) async throws -> MachineEnd? {
        let clock = ContinuousClock()
        let end = clock.now + grace
        while clock.now < end, isRunning {
            // Pressed again now and then: a guest that is still booting does not hear the button.
            _ = try? await execute("system_powerdown", deadline: .seconds(5))
            try Task.checkCancellation()
            if let ended = await ended(within: min(.seconds(15), end - clock.now)) { return ended }
            try Task.checkCancellation()
        }
        return isRunning ? nil : await ended()
    }

    /// As ``pressPowerButton(grace:)``; then QEMU is stopped all the same, see ``quit()``.
    ///
    /// - Throws: ``FailureCode/guestDidNotStop`` where it had to be stopped by force; it is stopped then. The disk may lack
    ///   what the guest had not written yet.
    @discardableResult
    public func powerDown(grace: Duration) async throws -> MachineEnd {
        if let ended = try await pressPowerButton(grace: grace) { return ended }
        try await quit()
        throw Failure(
            .guestDidNotStop, operation: "shut the guest down",
            message: "The guest did not power off within \(grace); the virtual machine was stopped by force.",
            evidence: logTail(folder.serialLog, since: record.consoleOffset),
            remedy: "Look at the end of \(folder.serialLog) for what it waits for; give it longer.", retryable: true,
            side: .host)
    }

    /// What it took to end QEMU.
    public enum QuitMeasure: String, Codable, Sendable {
        /// It had ended.
        case alreadyOver
        /// QMP's `quit`.
        case quit
        /// SIGTERM.
        case terminated
        /// SIGKILL.
        case killed
    }

    /// Ends QEMU without asking the guest: QMP quit, else SIGTERM, else SIGKILL, each with a deadline. Also in a cancelled
    /// task, since cleaning up must finish.
    ///
    /// Throws ``FailureCode/guestDidNotStop`` where even SIGKILL does not help (the process hangs in the kernel).
    public func quit() async throws { _ = try await endQEMU() }

    /// As ``quit()``, and tells what it took.
    public func endQEMU() async throws -> QuitMeasure {
        let connection = connection
        let process = process
        let measure = await Task { () -> QuitMeasure in
            guard process.end == nil else { return .alreadyOver }
            if case .success(let client) = connection {
                _ = try? await client.execute("quit", deadline: .seconds(5))
                _ = await within(.seconds(10)) { await process.wait() }
                if process.end != nil { return .quit }
            }
            return await process.stop()
        }.value
        if process.end == nil {
            throw Failure(
                .guestDidNotStop, operation: "stop QEMU",
                message: "QEMU (process \(process.pid)) does not end, even by SIGKILL: it hangs in the kernel.",
                evidence: logTail(folder.qemuLog, since: record.logOffset),
                remedy: "Look at dmesg and /proc/\(process.pid)/stack; a GPU that cannot be reset needs a host reboot.",
                side: .host)
        }
        return measure
    }
}
