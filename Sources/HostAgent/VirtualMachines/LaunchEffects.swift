import Contract
import FoundationEssentials
import Glibc

extension VirtualMachine {
    /// Makes the folder, and clears away the sockets of an earlier launch: a stale one would be mistaken for QEMU's.
    static func prepare(_ folder: MachineFolder, operation: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                .hostSpace, operation: operation, message: "\(folder.path) cannot be made: \(error)",
                remedy: "Look at the rights of the folder above it, and at the free space.", side: .host)
        }
        folder.removeSockets()
    }

    /// Waits for QEMU's greeting on the owner's socket. Throws where QEMU ends, or is not there in time.
    static func connect(
        _ folder: MachineFolder, process: MachineProcess, deadline: Duration
    ) async throws -> QMPClient {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        while true {
            do {
                return try await QMPClient.connect(
                    socket: folder.qmpSocket, deadline: max(.seconds(1), end - clock.now))
            } catch let failure as Failure {
                // QEMU's end explains more than a missing socket; give the process a moment to be seen as ended.
                try await Task.sleep(for: .milliseconds(50))
                if process.end != nil { throw failure }
                if clock.now >= end {
                    throw Failure(
                        .qemuFailed, operation: "start QEMU", message: "QEMU did not answer within \(deadline).",
                        evidence: logTail(folder.qemuLog) + ["last: \(failure.message)"],
                        remedy: "Read QEMU's words above; the host may be overloaded: run the command again.",
                        retryable: true, side: .host)
                }
            }
        }
    }
}

extension MachineProcess {
    /// SIGTERM, a grace, SIGKILL, a grace; answers the last that was sent. Afterwards ``end`` is nil only where the process
    /// hangs in the kernel.
    @discardableResult
    func stop() async -> VirtualMachine.QuitMeasure {
        var measure = VirtualMachine.QuitMeasure.alreadyOver
        let steps = [
            (SIGTERM, VirtualMachine.QuitMeasure.terminated, Duration.seconds(5)), (SIGKILL, .killed, .seconds(20)),
        ]
        for (number, step, grace) in steps where end == nil {
            signal(number)
            measure = step
            // Not in the caller's task, which may be cancelled: the wait would then be over at once.
            await Task { _ = await within(grace) { await self.wait() } }.value
        }
        return measure
    }
}
