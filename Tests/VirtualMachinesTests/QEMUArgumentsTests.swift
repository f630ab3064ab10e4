import Contract
import FoundationEssentials
import HostFakes
import Passthrough
import Testing
import VirtualMachines

/// QEMU's arguments against golden files: a change there is a change of the guest's hardware, and is looked at.
/// `UPDATE_GOLDEN=1 swift test` writes them anew.
@Suite struct QEMUArgumentsTests {
    static let plain = MachineSpecification(
        name: "debian", accelerator: .tcg, cpus: 2, memoryBytes: 2 << 30, diskPath: "/run/vm/disk.qcow2",
        macAddress: "52:54:00:01:02:03", sshPort: 5022, gpus: [.simulated],
        payloads: [
            PayloadDrive(path: "/data/NVIDIA-Linux-x86_64-390.42.run", serial: "drv-0123456789abcdef"),
            PayloadDrive(path: "/data/a,b/cuda_9.1.85_387.26_linux", serial: "cuda-0123456789abcde"),
        ],
        seedFolder: "/run/vm/seed", smbiosStrings: ["io.systemd.credential.binary:a=Yg==", "with,comma"],
        folder: "/run/vm")

    static var cases: [String: MachineSpecification] {
        get throws {
            let gpu = try #require(PCIAddress("41:00.0"))
            let audio = try #require(PCIAddress("41:00.1"))
            let usb = try #require(PCIAddress("41:00.2"))
            let other = try #require(PCIAddress("0000:c1:00.0"))

            var hidden = plain
            hidden.accelerator = .kvm
            hidden.hideHypervisor = true
            hidden.cpus = 4
            hidden.display = .vncLoopback(display: 1)
            hidden.gpus = [.vfio(gpu, companions: [audio])]
            hidden.payloads = []
            hidden.seedFolder = nil
            hidden.smbiosStrings = []

            var old = plain
            old.machine = .pc
            old.diskBus = .ide
            old.nic = .e1000
            old.display = .vncSocket(path: "/run/vm/vnc.sock")

            var uefi = plain
            uefi.firmware = .uefi(code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/run/vm/OVMF_VARS.fd")
            uefi.diskBus = .sata
            uefi.nic = .e1000e
            uefi.extraArguments = ["-S"]

            var several = plain
            several.accelerator = .kvm
            several.diskBus = .scsi
            several.gpus = [.vfio(gpu, companions: [audio, usb]), .vfio(other, companions: [])]

            var pc = several
            pc.machine = .pc
            pc.diskBus = .sata

            var many = plain
            many.machine = .pc
            many.payloads = (0..<12).map { PayloadDrive(path: "/data/payload\($0)", serial: "serial-\($0)") }

            var long = plain
            long.folder = "/run/" + String(repeating: "long/", count: 20) + "vm"
            return [
                "default-tcg-simulated": plain, "kvm-hidden-hypervisor": hidden, "pc-ide-e1000": old,
                "uefi-sata-e1000e": uefi, "vfio-companions-scsi": several, "pc-vfio-sata": pc, "long-folder": long,
                "pc-many-payloads": many,
            ]
        }
    }

    @Test func goldenFiles() throws {
        for (name, spec) in try Self.cases {
            let path = fixtures + "/golden/qemu/\(name).txt"
            // An option and its value on one line, which reads like the command.
            let text = qemuArguments(for: spec).reduce(into: "") { text, word in
                text += (word.hasPrefix("-") ? (text.isEmpty ? "" : "\n") : " ") + word
            }
            if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
                try Data((text + "\n").utf8).write(to: URL(filePath: path))
            }
            let golden = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
            #expect(golden == text + "\n", "\(name)")
            #expect(spec.problems().isEmpty, "\(name)")
        }
    }

    @Test func leavingAPayloadOutMovesNothing() throws {
        var fewer = Self.plain
        fewer.payloads = []
        fewer.seedFolder = nil
        fewer.gpus = []
        let all = Set(qemuArguments(for: Self.plain))
        #expect(qemuArguments(for: fewer).allSatisfy { all.contains($0) })
    }

    @Test func everyPCIAddressIsUsedOnce() throws {
        for (name, spec) in try Self.cases {
            var full = spec
            full.payloads = (0..<MachineSpecification.payloadLimit).map { PayloadDrive(path: "/p", serial: "s\($0)") }
            full.gpus = Array(repeating: .simulated, count: MachineSpecification.gpuLimit)
            let places = qemuArguments(for: full).compactMap {
                $0.firstMatch(of: /bus=pci[^,]*,addr=0x[0-9a-f]+(\.0x[0-9a-f]+)?/)?.output.0
            }
            #expect(Set(places).count == places.count, "\(name)")
            #expect(places.count > 20)
        }
    }

    @Test func refusesWhatCannotBe() {
        var bad = Self.plain
        bad.diskPath = "disk.qcow2"
        bad.cpus = 0
        bad.memoryBytes = 100
        bad.diskBus = .ide
        bad.payloads = [PayloadDrive(path: "/a", serial: "012345678901234567890")]
        #expect(bad.problems().count == 5)
        bad.payloads = [PayloadDrive(path: "/a", serial: "x"), PayloadDrive(path: "/b", serial: "x")]
        #expect(bad.problems().contains { $0.message.contains("one serial") })
    }
}
