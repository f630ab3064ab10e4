import Contract
import FoundationEssentials
import HostFakes
import Testing

@testable import VirtualMachines

@Suite struct GuestCredentialsTests {
    private static let keys = GuestCredentials.Keys(
        root: "ssh-ed25519 AAAA root\n", user: "ssh-ed25519 BBBB \"user\"\nsecond line")
    private static let more = ["ssh-ed25519 AAAACCCC ann", "ecdsa-sha2-nistp256 AAAADDDD bob"]

    @Test func keysAlone() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let credentials = GuestCredentials(keys: Self.keys, instanceID: "run-1")
        #expect(
            credentials.smbiosStrings == [
                "io.systemd.credential.binary:ssh.authorized_keys.root=c3NoLWVkMjU1MTkgQUFBQSByb290Cg=="
            ])
        try credentials.write(to: folder.path + "/seed")
        #expect(folder.read("seed/meta-data") == "instance-id: \"run-1\"\n")
        #expect(
            folder.read("seed/user-data") == #"""
                #cloud-config
                # Written by provision-gpu-vm; taken out of the result again.
                ssh_authorized_keys:
                  - "ssh-ed25519 BBBB \"user\""
                user:
                  sudo: "ALL=(ALL) NOPASSWD:ALL"
                ssh_deletekeys: false
                preserve_hostname: true

                """#)
    }

    @Test func aNameAndMoreKeys() {
        let credentials = GuestCredentials(
            keys: Self.keys, instanceID: "i", identity: GuestIdentity(hostname: "gpu1", authorizedKeys: Self.more))
        let root = Data("ssh-ed25519 AAAA root\n\(Self.more[0])\n\(Self.more[1])\n".utf8).base64EncodedString()
        #expect(
            credentials.smbiosStrings == [
                "io.systemd.credential.binary:ssh.authorized_keys.root=" + root, "provision-gpu-vm:hostname=gpu1",
            ])
        #expect(credentials.seed["meta-data"] == "instance-id: \"i\"\nlocal-hostname: \"gpu1\"\n")
        #expect(
            credentials.seed["user-data"] == #"""
                #cloud-config
                # Written by provision-gpu-vm; taken out of the result again.
                ssh_authorized_keys:
                  - "ssh-ed25519 BBBB \"user\""
                  - "ssh-ed25519 AAAACCCC ann"
                  - "ecdsa-sha2-nistp256 AAAADDDD bob"
                user:
                  sudo: "ALL=(ALL) NOPASSWD:ALL"
                ssh_deletekeys: false

                """#)
    }

    /// cloud-init reads the parts one after the other, the second merged into the first.
    @Test func theUsersOwnPart() {
        let theirs = "#cloud-config\npackages: [vim]\nwrite_files:\n  - content: \"a\\tb\"\n"
        let credentials = GuestCredentials(
            keys: Self.keys, instanceID: "i", identity: GuestIdentity(userData: theirs))
        #expect(
            credentials.seed["user-data"] == #"""
                #cloud-config-archive
                # Written by provision-gpu-vm: its own part, then the user's.
                - type: text/cloud-config
                  content: "#cloud-config\n# Written by provision-gpu-vm; taken out of the result again.\nssh_authorized_keys:\n  - \"ssh-ed25519 BBBB \\\"user\\\"\"\nuser:\n  sudo: \"ALL=(ALL) NOPASSWD:ALL\"\nssh_deletekeys: false\npreserve_hostname: true\n"
                - type: text/cloud-config
                  Merge-Type: "list(append)+dict(no_replace,recurse_list)+str()"
                  content: "#cloud-config\npackages: [vim]\nwrite_files:\n  - content: \"a\\tb\"\n"

                """#)
    }

    /// Whoever logs in by means of his own is given no rights that he did not ask for, and no key of ours.
    @Test func withoutKeysOfOurs() {
        let named = GuestCredentials(keys: nil, instanceID: "i", identity: GuestIdentity(hostname: "web"))
        #expect(named.smbiosStrings == ["provision-gpu-vm:hostname=web"])
        #expect(
            named.seed["user-data"]
                == "#cloud-config\n# Written by provision-gpu-vm; taken out of the result again.\nssh_deletekeys: false\n"
        )
        let keyed = GuestCredentials(keys: nil, instanceID: "i", identity: GuestIdentity(authorizedKeys: Self.more))
        #expect(keyed.smbiosStrings.count == 1)
        #expect(keyed.seed["user-data"]?.contains("sudo") == false)
    }

    @Test(arguments: [
        ("#cloud-config\nhostname: mine\n", false), ("#cloud-config\nfqdn: a.b\n", false),
        ("#cloud-config\npreserve_hostname: false\n", false), ("#cloud-config\nruncmd: [\"hostname: x\"]\n", true),
    ])
    func aNameOfTheUsersIsNotKeptOff(_ userData: String, _ preserves: Bool) {
        let seed = GuestCredentials(
            keys: Self.keys, instanceID: "i", identity: GuestIdentity(userData: userData)
        ).seed
        #expect(seed["user-data"]?.contains("name: true") == preserves)
    }

    @Test func theyAreChecked() {
        #expect(GuestIdentity().problems() == [])
        #expect(GuestIdentity().isEmpty)
        let good = GuestIdentity(
            hostname: "a.b",
            authorizedKeys: Self.more + [
                "from=\"10.0.0.1\",no-pty ssh-rsa AAAAB3Nz= x y", "sk-ssh-ed25519@openssh.com AAAAGnNr",
            ], userData: "#cloud-config \r\n{}")
        #expect(good.problems() == [])
        #expect(!good.isEmpty)
        let bad = GuestIdentity(
            hostname: "a b",
            authorizedKeys: ["", "# ssh-ed25519 AAAA", "ssh-ed25519 AAAA\nssh-rsa AAAA", "ssh-rsa nokey"],
            userData: "#!/bin/sh\n\u{0}")
        #expect(bad.problems().map(\.code) == Array(repeating: .optionInvalid, count: 7))
        for text in ["", "\n#cloud-config\n", "#cloud-config-archive\n- x\n", "# cloud-config\n"] {
            #expect(GuestIdentity(userData: text).problems().count == 1, "\(text)")
        }
        let long = String(repeating: "A", count: GuestIdentity.keysLimit)
        #expect(GuestIdentity(authorizedKeys: ["ssh-rsa AAAA" + long]).problems().count == 1)
        let longer = String(repeating: "#", count: GuestIdentity.userDataLimit)
        #expect(GuestIdentity(userData: "#cloud-config\n" + longer).problems().count == 1)
    }
}
