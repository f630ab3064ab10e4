import Contract
import FoundationEssentials
import Host
import HostFakes
import Passthrough
import Testing

@testable import VirtualMachines

/// The script of `start --print-command`, run by a real shell with a QEMU that notes what it was called with.
@Suite struct StartScriptTests {
    /// What the script did.
    private struct Run {
        var arguments: [String]
        var status: Int32
        var error: String
    }

    /// Runs it in `folder`, where every named function is on `driver`.
    private static func run(
        _ spec: MachineSpecification, in folder: TemporaryFolder, driver: String? = "vfio-pci",
        shell: String = "/bin/sh",
        environment: [String] = []
    ) async throws -> Run {
        let script = try folder.write("start.sh", startScript(for: spec).utf8)
        let disk = try folder.write("disk, of mine.qcow2", "disk".utf8)
        // Arguments may hold line breaks: a NUL ends each.
        let program =
            "#!/bin/sh\nprintf '%s\\0' \"$@\" > '\(folder.path)/arguments'\nulimit -l > '\(folder.path)/limit'\n"
        try folder.write("bin/qemu-system-x86_64", program.utf8)
        // For users that are not root, and whose memory is limited: the limit is another test's.
        try folder.write("bin/id", "#!/bin/sh\necho 0\n".utf8)
        try folder.write(
            "bin/taskset",
            "#!/bin/sh\n[ \"$1\" = -c ] && echo \"$2\" > '\(folder.path)/pinned'; shift 2; exec \"$@\"\n".utf8)
        for name in ["qemu-system-x86_64", "id", "taskset"] {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/bin/\(name)")
        }
        for function in spec.passedFunctions {
            let device = "\(folder.path)/sys/bus/pci/devices/\(function)"
            try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
            guard let driver else { continue }
            try? FileManager.default.createSymbolicLink(
                atPath: device + "/driver", withDestinationPath: "../../drivers/\(driver)")
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await runTool(
            "env",
            ["PATH=\(folder.path)/bin:\(path)", "SYSFS=\(folder.path)/sys", "DISK=\(disk)"] + environment
                + [shell, script, folder.path + "/vm, its folder"],
            package: "coreutils", operation: "run the script")
        let words = folder.read("arguments").split(separator: "\0", omittingEmptySubsequences: false).dropLast()
        return Run(arguments: words.map { String($0) }, status: result.status, error: result.error)
    }

    /// Every machine of the golden files: the script's QEMU gets the arguments that ours gets, with the folder and the disk
    /// that the user named.
    @Test(arguments: try QEMUArgumentsTests.cases.keys.sorted()) func qemuGetsTheSameArguments(_ name: String)
        async throws
    {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = try #require(try QEMUArgumentsTests.cases[name])
        if case .uefi(let code, _) = spec.firmware {
            spec.firmware = .uefi(code: code, variables: try folder.write("variables.fd", "empty".utf8))
        }
        for file in ["/sys/kernel/mm/hugepages", "/sys/devices/system/node/node1/hugepages"] {
            try folder.write("\(file)/hugepages-1048576kB/free_hugepages", "64\n".utf8)
        }
        let run = try await Self.run(spec, in: folder)
        #expect(run.status == 0, "\(run.error)")
        var expected = spec
        expected.folder = folder.path + "/vm, its folder"
        expected.diskPath = folder.path + "/disk, of mine.qcow2"
        if case .vncSocket = spec.display { expected.display = .vncSocket(path: expected.folder + "/vnc.sock") }
        if case .uefi(let code, _) = spec.firmware {
            expected.firmware = .uefi(code: code, variables: expected.folder + "/uefi-variables.fd")
            #expect(folder.read("vm, its folder/uefi-variables.fd") == "empty")
        }
        #expect(run.arguments == qemuArguments(for: expected))
        if let numa = spec.numa { #expect(folder.read("pinned") == numa.cpuList + "\n") }
        // Of the run's folder only the defaults of variables are left.
        let script = startScript(for: spec)
        let arguments = try #require(script.firstRange(of: "\nset --\n"))
        #expect(!script[arguments.upperBound...].contains(spec.folder + "/"))
    }

    @Test func hostileTextStaysText() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = QEMUArgumentsTests.plain
        spec.name = "a\ntouch \(folder.path)/owned; `id` $(id) 'quoted' \"$HOME\""
        spec.extraArguments = ["-S", "$(touch \(folder.path)/owned)", "two words", "it's", "line\nbreak", ""]
        spec.payloads = [PayloadDrive(path: "/data/`id` $x, 'y'", serial: "s")]
        let run = try await Self.run(spec, in: folder)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.arguments.suffix(6) == spec.extraArguments[...])
        #expect(run.arguments.contains { $0.hasSuffix("file.filename=/data/`id` $x,, 'y'") })
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/owned"))
    }

    @Test(arguments: [("nvidia", "is on nvidia"), (nil, "is on none"), ("vfio-pci-not", "is on vfio-pci-not")])
    func aDeviceThatIsNotOnVFIOIsRefused(_ driver: String?, words: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let run = try await Self.run(try QEMUArgumentsTests.seed, in: folder, driver: driver)
        #expect(run.status == 1)
        #expect(run.error.contains("0000:41:00.0 \(words)") && run.error.contains("provision-gpu-vm bind 0000:41:00.0"))
        #expect(run.arguments.isEmpty)
    }

    @Test func whatIsMissingIsSaid() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let spec = try QEMUArgumentsTests.seed
        let noDisk = try await Self.run(spec, in: folder, environment: ["DISK=/nowhere/disk"])
        #expect(noDisk.status == 1 && noDisk.error.contains("/nowhere/disk"))
        let noQEMU = try await Self.run(spec, in: folder, environment: ["QEMU=no-such-qemu"])
        #expect(noQEMU.status == 1 && noQEMU.error.contains("no-such-qemu"))
        var huge = spec
        huge.hugepageBytes = 2 << 20
        let noPages = try await Self.run(huge, in: folder)
        #expect(noPages.status == 1 && noPages.error.contains("takes 2048 hugepages; 0 are free"))
        #expect(folder.read("arguments").isEmpty)
    }

    /// The limit on locked memory is QEMU's to have in full: the soft one is lifted to the hard one at least.
    @Test func theMemoryLockIsLifted() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let run = try await Self.run(try QEMUArgumentsTests.seed, in: folder)
        #expect(run.status == 0)
        let hard = try await toolOutput("sh", ["-c", "ulimit -H -l"], package: "dash", operation: "ask for the limit")
        #expect([hard, "unlimited\n"].contains(folder.read("limit")))
    }

    /// Other shells that are somebody's /bin/sh, and shellcheck, where they are there.
    @Test func otherShellsAndShellcheck() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for shell in ["dash", "bash"] {
            guard let path = findExecutable(shell) else { continue }
            let run = try await Self.run(try QEMUArgumentsTests.seed, in: folder, shell: path)
            #expect(run.status == 0 && !run.arguments.isEmpty, "\(shell): \(run.error)")
        }
        guard findExecutable("shellcheck") != nil else { return }
        for (name, spec) in try QEMUArgumentsTests.cases {
            let script = try folder.write("\(name).sh", startScript(for: spec).utf8)
            let result = try await runTool("shellcheck", [script], package: "shellcheck", operation: "check the script")
            #expect(result.status == 0, "\(name): \(result.output)")
        }
    }

    // MARK: - The seed

    /// A difference that is wanted, and why. Each must be there: a list longer than the truth fails too.
    private struct Difference {
        var seed: Set<String> = []
        var ours: Set<String> = []
        var reason: String
    }

    private static let permitted = [
        Difference(
            seed: ["VNC: :1"], ours: ["VNC: 127.0.0.1:1", "-display none"],
            reason: "VNC on loopback: it has no password. Without -display, QEMU 7 could open a window beside it."),
        Difference(
            seed: ["forward: tcp::5022-:22"], ours: ["forward: tcp:127.0.0.1:5022-:22"],
            reason: "The forwarded port on loopback."),
        Difference(
            seed: ["passed through: 41:00.1 at any"], ours: ["passed through: 41:00.1 at 0x16.1"],
            reason: "The audio function in the GPU's own slot, as on the card."),
        Difference(
            ours: [
                "address of VGA: bus=pci.0 addr=0x2", "address of e1000: bus=pci.0 addr=0x3",
                "address of virtio-rng-pci: bus=pci.0 addr=0x5", "address of virtio-serial-pci: bus=pci.0 addr=0x7",
                "network card: mac=52:54:00:01:02:03",
            ], reason: "Fixed addresses: what is added or left out renames nothing in the guest."),
        Difference(
            ours: ["disk: bootindex=0", "-boot strict=on"],
            reason: "bootindex: the root disk boots, or nothing; not a payload drive, not the network."),
        Difference(
            ours: ["network card: romfile="],
            reason: "bootindex again: without a boot ROM nothing boots from the network, and QEMU needs no ROM file."),
        Difference(
            seed: ["default devices: parallel port, floppy, CD-ROM, serial port and monitor on screens"],
            ours: ["-nodefaults ", "-no-user-config "],
            reason: "Fixed addresses again: only what is written is there, whatever this QEMU's defaults are."),
        Difference(
            ours: [
                "-chardev file,id=serial0,path=FOLDER/serial.log,append=on", "-serial chardev:serial0",
                "machine: graphics=off", "pvpanic", "-qmp unix:FOLDER/qmp.sock,server=on,wait=off",
                "-qmp unix:FOLDER/monitor.sock,server=on,wait=off", "-name guest=centos",
            ], reason: "To see and to stop the guest: console, panics, monitors. No device of the seed's changes by it."
        ),
        Difference(
            ours: ["-object rng-random,id=rng0,filename=/dev/urandom", "virtio-rng-pci"],
            reason: "Entropy: a guest that makes SSH host keys at its first boot otherwise waits for it."),
        Difference(
            ours: [
                "-chardev socket,id=telemetry0,path=FOLDER/telemetry.sock,server=on,wait=off", "virtio-serial-pci",
                "virtserialport", "address of virtserialport: bus=telemetry-bus.0",
            ], reason: "The guest's sampler tells of its GPUs by it. A guest without one never notices."),
        Difference(
            ours: ["disk: discard=unmap"], reason: "The image stays as small as what is in it."),
        Difference(
            ours: ["processor: hv-vendor-id=provisiongpu"],
            reason: "Hiding the hypervisor means both signatures, KVM's (as in the seed) and Hyper-V's."),
    ]

    /// `start --print-command` for the seed's case against the seed's startvm.sh, in substance.
    @Test func theSeedsCommandInSubstance() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = try #require(FileManager.default.contents(atPath: fixtures + "/seed-outputs/qemu-arguments.txt"))
        let words = String(decoding: text, as: UTF8.self).split { $0 == "\\" || $0.isWhitespace }.map { String($0) }
        #expect(words.first == "/usr/local/qemu-2.9.0/bin/qemu-system-x86_64")
        let seed = CommandFacts(Array(words.dropFirst())).facts

        let image = try folder.write("centos-7.3.1611-20180104.qcow2", "".utf8)
        let run = try await Self.run(try QEMUArgumentsTests.seed, in: folder, environment: ["DISK=\(image)"])
        let arguments = run.arguments.map { $0.replacing(folder.path + "/vm,, its folder", with: "FOLDER") }
        let ours = CommandFacts(arguments).facts
        #expect(seed.subtracting(ours) == Self.permitted.reduce(into: []) { $0.formUnion($1.seed) })
        #expect(ours.subtracting(seed) == Self.permitted.reduce(into: []) { $0.formUnion($1.ours) })
        // What must be the same, said once more without the machinery.
        #expect(
            seed.intersection(ours).isSuperset(of: [
                "accelerator: kvm", "machine: pc", "memory: 4096 MiB", "processor: host", "processor: kvm=off",
                "processors: 4", "processors: sockets=1", "processors: cores=4", "processors: threads=1",
                "disk: ide, centos-7.3.1611-20180104.qcow2", "network card: e1000", "VGA",
                "passed through: 41:00.0 at 0x16", "41:00.0: multifunction=on",
            ]))
        #expect(Self.permitted.allSatisfy { !$0.reason.isEmpty })
    }
}
