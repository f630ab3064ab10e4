import Contract
import FoundationEssentials
import Host
public import Provisioner
import SecureShell
import VirtualMachines

/// Finds out how a running VM's guest is logged in to.
public struct Reaching: Sendable {
    private let state: String
    private let context: JobContext

    /// VMs below `state`. `context` is asked for a password or passphrase where the first contact is yet to be made.
    public init(state: String, context: JobContext) {
        self.state = state
        self.context = context
    }

    /// - Parameter user: Another user than the one who could log in at first.
    /// - Throws: ``FailureCode/machineNotRunning``; what ended the first contact, where there was none yet;
    ///   ``FailureCode/sshUnreachable`` for a run that has not reached its guest yet.
    public func target(_ vm: KnownMachine, user: String? = nil) async throws -> SSHTarget {
        guard let (record, lives) = try MachineRecord.look(in: vm.vmFolder), lives else { throw notRunning(vm) }
        let port = record.specification.sshPort
        switch vm {
        case .machine(let home):
            guard let stored = try await met(home) else { throw notRunning(vm) }
            let name = user ?? stored.user ?? stored.access.user ?? "root"
            return SSHTarget(
                alias: home.name, user: name, port: port, identity: stored.access.identity(of: name, home.keys),
                knownHosts: home.knownHosts)
        case .run(let run, _):
            guard let facts = try run.facts(), let contact = facts.contact else {
                throw Failure(
                    .sshUnreachable, operation: "reach the guest of \(run.name)",
                    message: "The run has not reached its guest yet, so that its host key is not known.",
                    remedy: "Wait until it has; `provision-gpu-vm logs \(run.name)` shows the console.",
                    retryable: true,
                    side: .host)
            }
            let name = user ?? contact.user ?? facts.access.user ?? "root"
            return SSHTarget(
                alias: run.name, user: name, port: port, identity: facts.access.identity(of: name, facts.keys),
                knownHosts: try pinned(run.name, contact))
        }
    }

    /// The VM as it is known after its first contact, which is made now where it was not waited for.
    private func met(_ home: MachineHome) async throws -> StoredMachine? {
        guard let stored = try home.load() else { return nil }
        if stored.contact != nil, FileManager.default.fileExists(atPath: home.knownHosts) { return stored }
        let lock = try home.lock()
        defer { withExtendedLifetime(lock) {} }
        guard var stored = try home.load(),
            let machine = try await VirtualMachine.adopt(folder: home.vmFolder, through: .guest)
        else { return nil }
        if stored.contact == nil {
            context.progress(.phase("Wait for the guest's SSH server"))
            stored.contact = try await FirstContact.wait(
                for: machine, access: stored.access, keys: home.keys, context: context)
        }
        try home.save(stored)
        return stored
    }

    /// A run's folder is the run's: the file for ssh is beside it.
    private func pinned(_ name: String, _ contact: FirstContact) throws -> String {
        let folder = "\(state)/known-hosts"
        let file = "\(folder)/\(name)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try replaceFile(file, with: KnownHostsLine.text(alias: name, contact.hostKey).utf8)
        } catch {
            throw Failure(
                .hostSpace, operation: "note the host key of \(name)", message: "\(file) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
        return file
    }

    private func notRunning(_ vm: KnownMachine) -> Failure {
        let remedy: String =
            if case .machine(let home) = vm, let image = (try? home.load())?.image {
                "Start it: provision-gpu-vm start \(image) --name \(home.name) …"
            } else {
                "See `provision-gpu-vm list`."
            }
        return Failure(
            .machineNotRunning, operation: "log in to \(vm.name)", message: "The VM \(vm.name) does not run.",
            remedy: remedy, side: .host)
    }
}

extension Job.Access {
    /// The user that was named.
    fileprivate var user: String? {
        if case .user(let name, _, _, _) = self { name } else { nil }
    }

    /// The key that lets `user` in; nil where that is ssh's own affair.
    fileprivate func identity(of user: String, _ keys: GuestKeys) -> String? {
        switch self {
        case .ephemeral: keys.identity(of: user)
        case .user(_, let identity, _, _): identity
        }
    }
}
