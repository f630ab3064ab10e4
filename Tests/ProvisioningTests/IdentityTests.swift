import Contract
import Guest
import GuestFakes
import SystemPackage
import Testing

@testable import Provisioning

/// A machine with all that makes it itself, and what must stay.
enum PersonalMachine {
    static let key = "ssh-ed25519 AAAAours run"
    static let id = "0123456789abcdef0123456789abcdef"
    private static let cloud = "/var/lib/cloud"

    /// Must be gone from the image.
    static let own = [
        "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub",
        "/var/lib/dbus/machine-id", "/var/log/journal/\(id)/system.journal", "/var/lib/dhcp/dhclient.ens3.leases",
        "/var/lib/dhclient/dhclient-eth0.lease", "/var/lib/dhcpcd/duid", "/etc/dhcpcd.duid", "/etc/dhcpcd.secret",
        "/var/lib/NetworkManager/internal-1-ens3.lease", "/var/lib/NetworkManager/secret_key",
        "/var/lib/NetworkManager/dhclient-1.conf", "/var/lib/systemd/network/x", "/var/lib/wicked/duid.xml",
        "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret", "/boot/efi/loader/random-seed",
        "/etc/udev/rules.d/70-persistent-net.rules", "/var/lib/yum/uuid", "\(cloud)/instances/theirs/x",
        "\(cloud)/instances/ours/user-data.txt", "\(cloud)/data/instance-id",
        "\(cloud)/sem/config_scripts_per_once.once",
        "/etc/netplan/50-cloud-init.yaml", "/root/.ssh/authorized_keys",
    ]
    static let kept = [
        "/etc/ssh/sshd_config", "/etc/ssh/moduli", "/var/lib/dhcp/dhcpd.leases", "/etc/hostname", "/etc/hosts",
        "/var/lib/NetworkManager/NetworkManager.state", "/var/log/journal/remote/x.journal", "/etc/passwd",
        "\(cloud)/seed/nocloud/meta-data", "\(cloud)/scripts/per-boot/theirs.sh", "/usr/bin/ssh-keygen",
        "/etc/netplan/90-default.yaml", "/usr/bin/journalctl", "/etc/udev/rules.d/80-theirs.rules",
        "/var/lib/systemd/rfkill/x",
    ]

    static func fill(_ fake: FakeRoot) throws {
        for path in own + kept { try fake.write(path, "old \(path)\n") }
        try fake.write("/etc/machine-id", id + "\n")
        try fake.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        try fake.write("/root/.ssh/authorized_keys", key + "\n")
        try fake.write("/proc/stat", "btime 1000\n")
        try fake.write("/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nHWADDR=52:54:00:1:2:3\nONBOOT=yes\n")
        try fake.link("\(cloud)/instance", "\(cloud)/instances/ours")
    }

    /// systemd, and an ssh-keygen that makes keys as -A does: those that are missing.
    static func runner(_ root: SystemRoot) -> FakeRunner {
        FakeRunner([
            "restorecon": { _ in CommandResult(.notFound) }, "systemctl daemon-reload": FakeRunner.says(""),
            "systemctl enable --quiet gpu-guest-identity.service": FakeRunner.says(""),
            "systemctl start gpu-guest-forget.service": { _ in
                #expect(root.exists("/run/systemd/system/gpu-guest-forget.service"))
                return CommandResult(.exited(0))
            },
            "journalctl --relinquish-var": FakeRunner.says(""),
            "ssh-keygen -q -t ": { command in
                // As the machine had them, and no others.
                #expect(["rsa", "ed25519"].contains(command.arguments[3]))
                #expect(command.arguments.last == "/etc/ssh/ssh_host_\(command.arguments[3])_key")
                try root.write("new", to: command.arguments.last ?? "", mode: 0o600)
                return CommandResult(.exited(0))
            },
            "ssh-keygen -A": { _ in
                for type in ["rsa", "ed25519"] where !root.exists("/etc/ssh/ssh_host_\(type)_key") {
                    try root.write("new", to: "/etc/ssh/ssh_host_\(type)_key", mode: 0o600)
                }
                return CommandResult(.exited(0))
            },
        ])
    }
}

@Suite struct GeneralisationTests {
    @Test func forgetsWhatMakesAMachineItself() async throws {
        let fake = try FakeRoot()
        try PersonalMachine.fill(fake)
        let guest = Guest(root: fake.root, runner: PersonalMachine.runner(fake.root))
        let before = Tree(of: fake.root.prefix.string)
        let removed = try await Seal(guest).apply(
            publicKeys: [PersonalMachine.key], instanceID: "ours", generalise: true)
        #expect(removed.contains("/etc/machine-id") && removed.contains("/var/log/journal/\(PersonalMachine.id)"))
        // The host may have to log in once more.
        let keys = MachineIdentity.hostKeys.paths(fake.root)
        #expect(keys.count == 3)
        let unit = try fake.root.text("/etc/systemd/system/gpu-guest-identity.service")
        #expect(unit.contains("ExecStart=/usr/local/libexec/gpu-guest-agent identity\n"))

        // What services write at their own end goes as well.
        for path in ["/var/lib/systemd/random-seed", "/var/lib/dhcp/dhclient.ens3.leases"] {
            try fake.write(path, "late")
        }
        #expect(try await OwnIdentity(guest).forget().count == 5)
        let after = Tree(of: fake.root.prefix.string)
        for path in PersonalMachine.own { #expect(after.entries[path] == nil, "\(path)") }
        for path in PersonalMachine.kept { #expect(after.entries[path] == before.entries[path], "\(path)") }
        #expect(fake.root.size("/etc/machine-id") == 0)
        #expect(try fake.root.text("/etc/sysconfig/network-scripts/ifcfg-eth0") == "DEVICE=eth0\nONBOOT=yes\n")
        // For the next boot, in which journald may have written once more.
        let mark = try #require(GeneralisationMark(reading: fake.root))
        #expect(mark.machineID == PersonalMachine.id && mark.keyTypes == ["ed25519", "rsa"])
        try fake.write("/var/log/journal/\(PersonalMachine.id)/system.journal", "late")
        let next = await OwnIdentity(guest).take()
        #expect(next.failures == [])
        #expect(
            next.changed == [
                "/var/log/journal/\(PersonalMachine.id) removed", "/etc/ssh/ssh_host_ed25519_key made",
                "/etc/ssh/ssh_host_rsa_key made",
            ])
        #expect(await OwnIdentity(guest).take().changed == [])
        // Nobody has asked this machine to forget.
        await #expect(throws: Failure.self) { try await OwnIdentity(guest).forget() }
    }

    /// A link leads to the id that systemd makes; an image's own network configuration would not come back.
    @Test func leavesWhatIsTheImages() async throws {
        let fake = try FakeRoot(["/etc/passwd": "", "/etc/machine-id": "", "/etc/netplan/50-cloud-init.yaml": "theirs"])
        try fake.link("/var/lib/dbus/machine-id", "/etc/machine-id")
        let guest = Guest(root: fake.root, runner: PersonalMachine.runner(fake.root))
        #expect(try await Seal(guest).apply(publicKeys: [], instanceID: "ours", generalise: true) == [])
        // Older than our seed.
        try fake.write("/var/lib/cloud/instances/ours/x", "")
        try fake.write("/proc/stat", "btime 4000000000\n")
        let removed = try await Seal(guest).apply(publicKeys: [], instanceID: "ours", generalise: true)
        #expect(removed == ["/var/lib/cloud/instances/ours"])
        #expect(fake.root.linkTarget("/var/lib/dbus/machine-id") == "/etc/machine-id")
        #expect(fake.root.exists("/etc/netplan/50-cloud-init.yaml"))
    }

    /// Whenever the machine goes down: once the host may think it sealed, its next boot is another machine's. And sealing
    /// again, wherever it was cut off, comes to the same end.
    @Test func aCrashAnywhereLeavesNoTwins() async throws {
        let snapshots = Snapshots()
        let fake = try FakeRoot(observer: { snapshots.take($0) })
        try PersonalMachine.fill(fake)
        snapshots.watch(fake.root.prefix.string)
        func seal(_ fake: FakeRoot) async throws {
            let guest = Guest(root: fake.root, runner: PersonalMachine.runner(fake.root))
            _ = try await Seal(guest).apply(
                publicKeys: [PersonalMachine.key], instanceID: "ours", generalise: true)
            _ = try await OwnIdentity(guest).forget()
        }
        try await seal(fake)
        snapshots.stop()
        let end = Tree(of: fake.root.prefix.string)
        let trees = snapshots.all.flatMap { [($0.before, $0.tree), ($0.before, $0.onDisk)] } + [("the end", end)]
        #expect(trees.count > 60)
        var sealed = 0
        for (moment, tree) in trees {
            if tree.entries["/root/.ssh/authorized_keys"] == nil {
                sealed += 1
                let next = try FakeRoot(copying: tree)
                let runner = PersonalMachine.runner(next.root)
                let (_, failures) = await OwnIdentity(Guest(root: next.root, runner: runner)).take()
                #expect(failures == [], "\(moment)")
                #expect(next.root.textIfReadable("/etc/ssh/ssh_host_ed25519_key") == "new", "\(moment)")
                #expect(next.root.size("/etc/machine-id") == 0, "\(moment)")
                #expect(!next.root.exists(GeneralisationMark.path), "\(moment)")
            }
            let again = try FakeRoot(copying: tree)
            try await seal(again)
            let differences = Tree(of: again.root.prefix.string).differences(from: end)
            #expect(differences == [], "\(moment)")
        }
        #expect(sealed > 5)
    }
}

@Suite struct OwnIdentityTests {
    /// A type 11 structure with one string.
    private static func table(_ string: String) -> String {
        var bytes: [UInt8] = [11, 5, 0, 0, 1]
        bytes += Array(string.utf8)
        bytes += [0, 0]
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func takesTheNameAndMakesKeysOnce() async throws {
        let fake = try FakeRoot([
            "/sys/firmware/dmi/tables/DMI": Self.table("provision-gpu-vm:hostname=web.example.org"),
            "/etc/hostname": "old\n", "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 old\n::1 localhost\n",
            "/proc/sys/kernel/hostname": "old\n", "/usr/bin/ssh-keygen": "", "/etc/ssh/sshd_config": "",
            "/sbin/restorecon": "",
        ])
        let runner = PersonalMachine.runner(fake.root)
        let identity = OwnIdentity(Guest(root: fake.root, runner: runner))
        let (changed, failures) = await identity.take()
        #expect(failures == [])
        #expect(
            changed == [
                "/etc/hostname: web.example.org", "/etc/hosts: web.example.org",
                "the running kernel's host name: web.example.org", "/etc/ssh/ssh_host_ed25519_key made",
                "/etc/ssh/ssh_host_rsa_key made",
            ])
        #expect(try fake.root.text("/etc/hostname") == "web.example.org\n")
        #expect(
            try fake.root.text("/etc/hosts") == "127.0.0.1 localhost\n127.0.1.1 web.example.org web\n::1 localhost\n")
        #expect(try fake.root.text("/proc/sys/kernel/hostname") == "web.example.org")
        #expect(
            runner.ran == [
                "restorecon /etc/hostname /etc/hosts", "ssh-keygen -A",
                "restorecon /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_rsa_key",
            ])
        // Later boots start no program and write nothing.
        let tree = Tree(of: fake.root.prefix.string)
        #expect(await identity.take().changed == [])
        #expect(runner.ran.count == 3)
        #expect(Tree(of: fake.root.prefix.string) == tree)
        // One key is missing: its owner's decision.
        try fake.root.remove("/etc/ssh/ssh_host_rsa_key")
        #expect(await identity.take().changed == [])
    }

    @Test func withoutAHostThatSaysSoNothingIsRenamed() async throws {
        let fake = try FakeRoot(["/etc/hostname": "mine\n", "/sys/firmware/dmi/tables/DMI": Self.table("other=1")])
        let (changed, failures) = await OwnIdentity(Guest(root: fake.root, runner: FakeRunner([:]))).take()
        #expect(changed == [] && failures == [])
        #expect(try fake.root.text("/etc/hostname") == "mine\n")
    }

    @Test(arguments: ["", "a b", "-x", "x\n127.0.0.1 evil"])
    func aBadNameIsRefusedAndKeysAreMade(_ name: String) async throws {
        let fake = try FakeRoot([
            "/etc/hostname": "mine\n", "/sys/firmware/dmi/tables/DMI": Self.table("provision-gpu-vm:hostname=" + name),
            "/usr/bin/ssh-keygen": "", "/etc/ssh/moduli": "",
        ])
        let (changed, failures) = await OwnIdentity(
            Guest(root: fake.root, runner: PersonalMachine.runner(fake.root))
        ).take()
        #expect(failures.map(\.code) == [.optionInvalid])
        #expect(changed.count == 2)
        #expect(try fake.root.text("/etc/hostname") == "mine\n")
    }

    /// Without keys sshd does not start: it is told, and the next boot tries again.
    @Test func keysThatCannotBeMade() async throws {
        let fake = try FakeRoot([
            "/usr/bin/ssh-keygen": "", "/etc/ssh/ssh_host_rsa_key": "old", GeneralisationMark.path: "\n",
        ])
        let runner = FakeRunner(["ssh-keygen -A": FakeRunner.says("", status: 1)])
        let (_, failures) = await OwnIdentity(Guest(root: fake.root, runner: runner)).take()
        #expect(failures.map(\.operation) == ["make SSH host keys"])
        #expect(fake.root.exists(GeneralisationMark.path))
    }

    @Test(arguments: [
        ("127.0.0.1 localhost\n", "web", "127.0.0.1 localhost\n127.0.1.1 web\n"), ("", "web", "127.0.1.1 web\n"),
        ("127.0.0.1\tlocalhost web # mine\n", "web", "127.0.0.1\tlocalhost web # mine\n"),
        ("127.0.1.1\tweb\n", "web", "127.0.1.1\tweb\n"),
        ("127.0.1.1 a\n127.0.1.1 b\nx\n", "web", "127.0.1.1 web\nx\n"),
        ("# 127.0.1.1 a\n::1 x\n", "a.b", "127.0.1.1 a.b a\n# 127.0.1.1 a\n::1 x\n"),
    ])
    func hosts(_ before: String, _ name: String, _ after: String) {
        #expect(HostsFile.text(before, naming: name) == after)
        #expect(HostsFile.text(after, naming: name) == after)
    }
}
