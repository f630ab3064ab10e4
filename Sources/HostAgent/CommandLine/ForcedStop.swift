import Glibc
import Host
import Passthrough
import VirtualMachines

/// Stops a VM that stands in the way of `release --force`.
enum ForcedStop {
    /// Through QMP where it is a VM of this tool's, then SIGTERM, then SIGKILL, each with a deadline. Whether it is gone is
    /// seen by who looks afterwards.
    static func stop(_ process: ProcessIdentity, folder: String?) async {
        if let folder, let machine = try? await VirtualMachine.adopt(folder: folder, through: .guest),
            machine.record.pid == process.pid
        {
            Terminal.note("Stopping the virtual machine \(machine.record.specification.name) (process \(process.pid)).")
            try? await machine.quit()
        }
        for (signal, patience) in [(SIGTERM, 20), (SIGKILL, 10)] where process.isAlive(LiveHost()) {
            Terminal.note("Ending process \(process.pid) (\(signal == SIGTERM ? "SIGTERM" : "SIGKILL")).")
            kill(process.pid, signal)
            let end = ContinuousClock.now + .seconds(patience)
            // Another's child cannot be waited for.
            while process.isAlive(LiveHost()), ContinuousClock.now < end {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
