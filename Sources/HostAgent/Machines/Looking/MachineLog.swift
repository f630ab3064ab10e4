import Contract
import Provisioner
import VirtualMachines

/// A log of a VM.
public enum MachineLog: String, CaseIterable, Sendable {
    /// The guest's first serial port, firmware and boot loader included.
    case console
    /// QEMU's own words.
    case qemu
    /// The guest agent's journal of the run that made the image.
    case journal

    /// Its file. Throws a ``Failure`` where there can be none: no run of this state folder made the image.
    public func path(of vm: KnownMachine, state: String) throws -> String {
        let files = MachineFolder(vm.vmFolder)
        switch (self, vm) {
        case (.console, _): return files.serialLog
        case (.qemu, _): return files.qemuLog
        case (.journal, .run(let run, _)): return run.journal
        case (.journal, .machine(let home)):
            let image = try home.load()?.image
            guard let image, let run = StoredRun.thatMade(image, state: state) else {
                throw StoredReports.noRun(image ?? home.name, state: state)
            }
            return run.journal
        }
    }
}
