import Contract
import FoundationEssentials
import Glibc
import Host
import VirtualMachines

extension KnownMachine {
    /// The VM of `start` of exactly this name; nil where there is none.
    public static func machine(exactly name: String, state: String) -> KnownMachine? {
        let home = MachineHome(state: state, name: name)
        return MachineName.isValid(name) && FileManager.default.fileExists(atPath: home.path) ? .machine(home) : nil
    }

    /// Forgets the guest of a VM whose disk begins anew: the pinned host key, who logged in, cloud-init's instance, the firmware's
    /// variables, the logs. Its name, SSH port and keys stay. A VM that is not there is fine.
    ///
    /// Throws ``FailureCode/machineRunning``, ``FailureCode/runLocked``, or what the file system says.
    public static func renew(_ name: String, state: String) throws {
        guard case .machine(let home)? = machine(exactly: name, state: state) else { return }
        let lock = try home.lock()
        defer { withExtendedLifetime(lock) {} }
        if try MachineRecord.look(in: home.vmFolder)?.lives == true {
            throw Failure(
                .machineRunning, operation: "begin the VM \(name) anew", message: "The VM \(name) runs.",
                remedy: "Stop it first: `provision-gpu-vm stop \(name)`.", retryable: true, side: .host)
        }
        if var stored = try home.load() {
            stored.contact = nil
            stored.instanceID = StoredMachine.newInstanceID(name)
            try home.save(stored)
        }
        for path in [home.knownHosts, home.vmFolder] where FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw Failure(
                    .hostSpace, operation: "begin the VM \(name) anew", message: "\(path) cannot be removed: \(error)",
                    remedy: "Look at its owner and rights.", side: .host)
            }
        }
    }
}
