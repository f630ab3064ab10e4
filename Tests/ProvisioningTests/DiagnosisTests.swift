import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

@Suite struct DiagnosisTests {
    /// Texts as in shared failure catalogue, wrapped as logs are.
    static let driver: [(String, FailureCode)] = [
        (
            "ERROR: The Nouveau kernel driver is currently in use by your\n       system.  This driver is incompatible",
            .nouveau
        ),
        ("One or more modprobe configuration files to disable Nouveau are already present at: /etc", .nouveau),
        ("ERROR: Unable to find the kernel source tree for the currently running kernel.  Please", .headersMissing),
        ("ERROR: Neither the '/x/a.h' nor the '/x/b.h' kernel header file exists.", .headersMissing),
        ("ERROR: Unable to find the development tool `cc` in your path;", .prerequisites),
        ("ERROR: You do not appear to have libc header files installed on your system.", .prerequisites),
        ("The CC version check failed:", .driverBuild),
        ("gcc: error: unrecognized command-line option '-ftrivial-auto-var-init=zero'", .driverBuild),
        ("error: Cannot generate ORC metadata for CONFIG_UNWINDER_ORC=y", .prerequisites),
        ("The Module.symvers file is missing", .headersMissing), ("6.1 is a PREEMPT_RT kernel!", .driverBuild),
        ("ERROR: An NVIDIA kernel module 'nvidia-drm' appears to be already loaded in your\n kernel.", .driverInstall),
        ("ERROR: An error occurred while performing the step: \"Building kernel modules\". See", .driverBuild),
        ("ERROR: Unable to load the kernel module 'nvidia.ko'.  This happens", .driverLoad),
        (
            "ERROR: Unable to load the kernel module 'nvidia.ko'.\nnvidia: was not signed by a key that is trusted by the kernel",
            .secureBoot
        ),
        ("WARNING: You do not appear to have an NVIDIA GPU supported by the 470 driver", .gpuNotVisible),
        ("Not enough space left in /tmp to decompress", .guestSpace), ("Error in MD5 sums", .payloadCorrupt),
        ("something new", .driverInstall),
    ]

    @Test(arguments: driver.indices) func namesTheDriversFailure(_ index: Int) {
        let (text, code) = Self.driver[index]
        let log = "-> Installing\n" + text + "\nERROR: Installation has failed.\n"
        let failure = InstallerDiagnosis(log, rows: InstallerDiagnosis.driverRows)
            .failure("install", unknown: .driverInstall, ending: CommandResult(.exited(1)), log: "/log")
        #expect(failure.code == code)
        #expect(failure.evidence.contains { $0.hasPrefix(text.prefix(30).split(separator: "\n")[0]) })
        #expect(failure.evidence.last == "ERROR: Installation has failed.")
    }

    @Test(
        arguments: [
            ("[ERROR]: Failed to verify gcc version. See log at /var/log/cuda-installer.log", FailureCode.cudaCompiler),
            ("Not enough space on parition mounted at /", .guestSpace),
            ("[INFO]: Finished with code: 256\n[ERROR]: Install of driver component failed.", .cudaInstall),
        ]) func namesCUDAsFailure(_ text: String, _ code: FailureCode)
    {
        #expect(InstallerDiagnosis(text, rows: InstallerDiagnosis.cudaRows).row?.code == code)
    }

    @Test func evidenceHasTheCompilersWords() {
        let log =
            (1...50).map { "CC [M] file\($0).o" }.joined(separator: "\n")
            + "\n/x/nv.c:12:3: error: too few arguments\n"
            + (1...50).map { "CC [M] more\($0).o" }.joined(separator: "\n")
            + "\nERROR: An error occurred while performing the step: \"Building kernel modules\".\n"
        let diagnosis = InstallerDiagnosis(log, rows: InstallerDiagnosis.driverRows)
        #expect(diagnosis.evidence.contains("/x/nv.c:12:3: error: too few arguments"))
        #expect(diagnosis.evidence.count < 20)
    }

    @Test func nouveauIsARebootAndNoFailureYet() {
        let diagnosis = InstallerDiagnosis(
            "The Nouveau kernel driver is currently in use by your system.", rows: InstallerDiagnosis.driverRows)
        #expect(diagnosis.row?.consequence == .reboot)
    }
}

@Suite struct SealTests {
    static let key = "ssh-ed25519 AAAAours run"

    @Test func removesExactlyTheGivenKeys() async throws {
        let fake = try FakeRoot([
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\ndebian:x:1000:1000::/home/debian:/bin/sh\nd:x:2:2::/:/x\n",
            "/root/.ssh/authorized_keys": "no-pty,command=\"echo no\" ssh-ed25519 AAAAours other comment\n",
            "/home/debian/.ssh/authorized_keys": "# mine\nssh-ed25519 AAAAtheirs\nssh-ed25519 AAAAours\n",
            "/etc/systemd/system/multi-user.target.wants/gpu-guest-agent.service": "",
        ])
        let runner = FakeRunner([
            "systemctl disable": { [root = fake.root] _ in
                #expect(root.exists("/root/.ssh/authorized_keys"), "the keys go last")
                return CommandResult(.exited(0))
            }
        ])
        let seal = Seal(Guest(root: fake.root, runner: runner))
        let removed = try await seal.apply(publicKeys: [Self.key], instanceID: nil)
        #expect(removed.count == 3)
        #expect(!fake.root.exists("/root/.ssh/authorized_keys"))
        #expect(try fake.root.text("/home/debian/.ssh/authorized_keys") == "# mine\nssh-ed25519 AAAAtheirs\n")
        try fake.root.remove("/etc/systemd/system/multi-user.target.wants/gpu-guest-agent.service")
        #expect(try await seal.apply(publicKeys: [Self.key], instanceID: nil).isEmpty)
    }

    @Test func forgetsOnlyOurInstance() async throws {
        let fake = try FakeRoot([
            "/etc/passwd": "", "/var/lib/cloud/instances/ours/user-data.txt": "key",
            "/var/lib/cloud/instances/theirs/x": "", "/var/lib/cloud/data/instance-id": "ours",
            "/etc/sudoers.d/90-cloud-init-users": "",
        ])
        try fake.link("/var/lib/cloud/instance", "/var/lib/cloud/instances/theirs")
        let seal = Seal(Guest(root: fake.root, runner: FakeRunner([:])))
        _ = try await seal.apply(publicKeys: [], instanceID: "ours")
        #expect(fake.root.list("/var/lib/cloud/instances") == ["theirs"])
        #expect(
            fake.root.exists("/var/lib/cloud/data/instance-id")
                && fake.root.exists("/etc/sudoers.d/90-cloud-init-users"))
        try fake.write("/var/lib/cloud/instances/ours/x", "")
        try fake.link("/var/lib/cloud/instance", "/var/lib/cloud/instances/ours")
        try fake.write("/proc/stat", "cpu 1\nbtime 1000\n")
        _ = try await seal.apply(publicKeys: [], instanceID: "ours")
        #expect(!fake.root.exists("/var/lib/cloud/data/instance-id"))
        #expect(fake.root.linkTarget("/var/lib/cloud/instance") == "/var/lib/cloud/instances/theirs")
        #expect(!fake.root.exists("/etc/sudoers.d/90-cloud-init-users"))
        for evil in ["..", "../../etc", "", "."] {
            #expect(try await seal.apply(publicKeys: [], instanceID: evil).isEmpty)
        }
    }
}

@Suite struct SealAfterCloudInitTests {
    /// Times are long ago and far ahead; what a test writes is of now.
    @Test(
        arguments: [
            (1000, false, true), (4_000_000_000, false, false), (4_000_000_000, true, true), (nil, false, false),
        ] as [(Int64?, Bool, Bool)])
    func removesOnlyItsOwnSudoers(_ boot: Int64?, _ earlierBoot: Bool, _ removed: Bool) async throws {
        let fake = try FakeRoot(["/etc/passwd": "", "/var/lib/cloud/instances/ours/x": "", "/run/cloud-init/x": ""])
        if let boot { try fake.write("/proc/stat", "btime \(boot)\n") }
        if earlierBoot { try fake.write("/var/lib/cloud/instances/ours/sem/config_users_groups", "") }
        try fake.write("/etc/sudoers.d/90-cloud-init-users", "")
        try fake.link("/var/lib/cloud/instance", "/var/lib/cloud/instances/ours")
        let runner = FakeRunner(["cloud-init status --wait": FakeRunner.says("status: error\n", status: 1)])
        let all = try await Seal(Guest(root: fake.root, runner: runner)).apply(publicKeys: [], instanceID: "ours")
        #expect(fake.root.exists("/etc/sudoers.d/90-cloud-init-users") != removed)
        #expect(runner.ran == ["cloud-init status --wait"] && all.contains("/var/lib/cloud/instances/ours"))
        #expect(!fake.root.exists("/var/lib/cloud/instance"))
    }
}

@Suite struct DiagnosisOrderTests {
    /// The warning stands in each log of a machine without a GPU; the build is what failed.
    @Test func aBuildThatFailedOutweighsAWarning() {
        let log = """
            WARNING: You do not appear to have an NVIDIA GPU supported by the 470.256.02 NVIDIA Linux graphics driver
            ERROR: An error occurred while performing the step: "Building kernel modules". See the log for details.
            """
        #expect(InstallerDiagnosis(log, rows: InstallerDiagnosis.driverRows).row?.code == .driverBuild)
    }
}
