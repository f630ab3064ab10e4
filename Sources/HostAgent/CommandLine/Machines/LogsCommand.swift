// Public, because of the conformance at its end.
public import ArgumentParser
import Contract
public import Machines
import SystemPackage
import VirtualMachines

/// `provision-gpu-vm logs NAME`.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show a VM's console, QEMU's words, or the journal of its provisioning.",
        discussion:
            "Escape sequences and control characters are taken out, for files as for terminals, unless --raw is given.")

    @OptionGroup var machine: MachineArgument

    @Flag(
        exclusivity: .exclusive,
        help: "What the guest wrote on its serial console (default); what QEMU said; what the guest agent journalled.")
    var log: MachineLog = .console

    @Flag(name: .shortAndLong, help: "Go on with what comes, until the VM ends.")
    var follow = false

    @Option(
        name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last lines to show.", valueName: "count"))
    var lines = 200

    @Flag(help: "The bytes as they are.")
    var raw = false

    @OptionGroup var place: StateOption

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines takes 0 to 1000000.") }
    }

    func run() throws {
        let state = place.places.state
        let known = try KnownMachine.named(machine.name, state: state)
        let path = try log.path(of: known, state: state)
        do {
            let reader = LogFollower(path, isRaw: raw) { _ = try? FileDescriptor.standardOutput.writeAll($0) }
            try reader.tail(lines: lines)
            if follow {
                try reader.follow { (try? MachineRecord.look(in: known.vmFolder))?.lives != true }
            }
        } catch let error as Errno {
            throw Failure(
                .machineUnknown, operation: "show the \(log.rawValue) log of \(known.name)",
                message: "\(path) cannot be read: \(error)",
                remedy: error == .noSuchFileOrDirectory
                    ? "It was not written yet: the VM was never started." : "Look at its owner and rights.", side: .host
            )
        }
    }
}

extension MachineLog: EnumerableFlag {}
