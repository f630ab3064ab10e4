import Contract
import FoundationEssentials
import Glibc
import Host
import Provisioner
import VirtualMachines

/// The folder of a VM that `start` made, 0700: STATE/machines/NAME.
public struct MachineHome: Equatable, Sendable {
    public let name: String
    public let path: String

    init(state: String, name: String) {
        self.name = name
        path = "\(state)/machines/\(name)"
    }

    /// All of them, by name.
    static func all(state: String) -> [MachineHome] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(state)/machines")) ?? []
        return names.filter { MachineName.isValid($0) }.sorted().map { MachineHome(state: state, name: $0) }
    }

    /// ``StoredMachine``.
    var recordPath: String { "\(path)/machine.json" }
    var lockPath: String { "\(path)/lock" }
    /// The guest's host key, as the user's ssh reads it.
    var knownHosts: String { "\(path)/known_hosts" }
    /// QEMU's sockets and logs, vm.json, the firmware's variables.
    var vmFolder: String { "\(path)/vm" }
    /// What the guest writes with `--snapshot`.
    var snapshotDisk: String { "\(vmFolder)/snapshot.qcow2" }
    /// Its keys and its seed.
    var keys: GuestKeys { GuestKeys(folder: path) }

    /// Makes the folder. Throws a ``Failure``.
    func make() throws {
        try makePrivateFolder(path, operation: "make the VM's folder")
    }

    /// Takes the VM's lock. Throws ``FailureCode/runLocked`` naming the process that holds it.
    func lock() throws -> LockFile {
        let operation = "take up the VM \(name)"
        do {
            if let lock = try LockFile.take(lockPath) { return lock }
        } catch {
            throw Failure(
                .hostSpace, operation: operation, message: "\(lockPath) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
        let holder = LockFile.holder(of: lockPath).map { " (process \($0))" } ?? ""
        throw Failure(
            .runLocked, operation: operation, message: "Another provision-gpu-vm works on this VM\(holder).",
            remedy: "Wait for it, or stop it; then run the same command again.", retryable: true, side: .host)
    }

    /// The record; nil where there is none yet. Throws a ``Failure`` where it cannot be understood.
    func load() throws -> StoredMachine? {
        guard let data = FileManager.default.contents(atPath: recordPath) else { return nil }
        struct Version: Decodable { var schema: Int }
        func refusal(_ seen: String, _ remedy: String) -> Failure {
            Failure(
                .runDiffers, operation: "read what is known of the VM \(name)",
                message: "\(recordPath) cannot be understood.", evidence: [seen], remedy: remedy, side: .host)
        }
        do {
            let schema = try JSONDecoder().decode(Version.self, from: data).schema
            guard schema <= StoredMachine.currentSchema else {
                throw refusal(
                    "schema \(schema); this version reads up to \(StoredMachine.currentSchema)",
                    "Use the version of provision-gpu-vm that made the VM, or a newer one.")
            }
            return try JSONDecoder().decode(StoredMachine.self, from: data)
        } catch let error as DecodingError {
            throw refusal(
                "\(error)", "`provision-gpu-vm stop \(name) --remove` forgets the VM; its image stays as it is.")
        }
    }

    /// Writes the record, synced, and the guest's host key where ssh finds it.
    func save(_ machine: StoredMachine) throws {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try replaceFile(recordPath, with: try encoder.encode(machine) + Data("\n".utf8))
            if let key = machine.contact?.hostKey {
                try replaceFile(knownHosts, with: KnownHostsLine.text(alias: name, key).utf8)
            }
        } catch {
            throw Failure(
                .hostSpace, operation: "note the VM \(name)", message: "\(recordPath) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
    }
}
