import Contract
import FoundationEssentials
import HostFakes
import Provisioner
import SecureShell
import Testing

@testable import Machines

@Suite struct CatalogueTests {
    private static func state(machines: [String] = [], runs: [String] = []) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in machines { try MachineHome(state: folder.path, name: name).make() }
        for name in runs {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/runs/\(name)/vm", withIntermediateDirectories: true)
        }
        return folder
    }

    @Test func namesAndTheirBeginnings() async throws {
        let folder = try Self.state(
            machines: ["web", "web2", "db"], runs: ["disk.gpu.qcow2-0123", "disk.gpu.qcow2-0123.dry-run"])
        defer { folder.remove() }
        func found(_ name: String) throws -> String { try KnownMachine.named(name, state: folder.path).name }
        #expect(try found("web") == "web")
        #expect(try found("disk") == "disk.gpu.qcow2-0123")
        #expect(try found("db") == "db")
        // Also across the two kinds.
        #expect(await failure { _ = try found("d") }?.evidence == ["db", "disk.gpu.qcow2-0123"])
        let several = await failure { _ = try found("we") }
        #expect(several?.code == .optionInvalid)
        #expect(several?.evidence == ["web", "web2"])
        let none = await failure { _ = try found("x\u{1b}[0m") }
        #expect(none?.code == .machineUnknown)
        #expect(none?.evidence.contains("there is web2") == true)
        #expect(none?.message.contains("\u{1b}") == false)
        #expect(await failure { _ = try found("") }?.code == .machineUnknown)
        #expect(KnownMachine.names(state: folder.path) == ["db", "web", "web2", "disk.gpu.qcow2-0123"])
    }

    /// A run that was never begun, or whose VM is gone, has no row; a name that is none is no VM.
    @Test func whatIsNoVMHasNoRow() throws {
        let folder = try Self.state(machines: ["web"], runs: ["disk.gpu.qcow2-0123"])
        defer { folder.remove() }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/machines/not a name", withIntermediateDirectories: true)
        #expect(MachineSurvey(state: folder.path).all().map(\.name) == ["web"])
        #expect(MachineSurvey(state: folder.path + "/nowhere").all().isEmpty)
    }

    @Test func theRecordSurvivesTheDisk() throws {
        let folder = try Self.state(machines: ["web"])
        defer { folder.remove() }
        let home = MachineHome(state: folder.path, name: "web")
        #expect(try home.load() == nil)
        var stored = StoredMachine(
            name: "web", image: "/i.qcow2", isSnapshot: true,
            access: .user(name: "me", identity: "/k", usesPassword: false, usesAgent: true), sshPort: 2222,
            instanceID: "i-1", createdAt: 5)
        try home.save(stored)
        #expect(try home.load() == stored)
        #expect(!FileManager.default.fileExists(atPath: home.knownHosts))
        stored.contact = FirstContact(hostKey: MachineBench.key, user: "me")
        try home.save(stored)
        #expect(try home.load()?.contact?.user == "me")
        #expect(FileManager.default.fileExists(atPath: home.knownHosts))
        let attributes = try FileManager.default.attributesOfItem(atPath: home.recordPath)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    /// machine.json as version 0.2 writes it, byte for byte: later versions go on reading it.
    @Test func theFirstSchemaIsRead() throws {
        let folder = try Self.state(machines: ["web"])
        defer { folder.remove() }
        let text = """
            {"schema": 1, "name": "web", "image": "/images/web.qcow2", "isSnapshot": false, "access": {"ephemeral": {}},
             "sshPort": 40022, "instanceID": "provision-gpu-vm-web-1", "createdAt": 1800000000, "user": "debian",
             "hostKey": {"type": "ssh-ed25519", "base64": "AAAA", "fingerprint": "SHA256:x"}}
            """
        let home = MachineHome(state: folder.path, name: "web")
        try Data(text.utf8).write(to: URL(filePath: home.recordPath))
        let stored = try #require(try home.load())
        #expect(stored.access == .ephemeral)
        #expect(stored.contact?.hostKey.type == "ssh-ed25519")
    }

    @Test func reportsOfUnknownThings() async throws {
        let folder = try Self.state(machines: ["web"], runs: ["disk.gpu.qcow2-0123"])
        defer { folder.remove() }
        for reference in ["web", "/images/x.qcow2", "nobody"] {
            let seen = await failure {
                _ = try StoredReports.report(reference, path: "/images/\(reference)", state: folder.path)
            }
            #expect(seen?.code == .machineUnknown)
            #expect(seen?.evidence == ["there is disk.gpu.qcow2-0123"])
        }
        let unfinished = await failure {
            _ = try StoredReports.report("disk", path: "/images/disk", state: folder.path)
        }
        #expect(unfinished?.message.contains("no report yet") == true)
    }
}
