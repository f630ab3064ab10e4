import Contract
import FoundationEssentials
import HostFakes
import Passthrough
import Testing

@testable import VirtualMachines

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

            let plainly: [String: MachineSpecification] = [
                "default-tcg-simulated": plain, "kvm-hidden-hypervisor": hidden, "pc-ide-e1000": old,
                "uefi-sata-e1000e": uefi, "vfio-companions-scsi": several, "pc-vfio-sata": pc, "long-folder": long,
                "pc-many-payloads": many,
            ]
            return try plainly.merging(fitted) { one, _ in one }
        }
    }

    /// Machines that are fitted to a host and its cards.
    static var fitted: [String: MachineSpecification] {
        get throws {
            var four = plain
            four.accelerator = .kvm
            four.payloads = []
            four.gpus = [try card("65:00.0", functions: 4)]
            four.gpuOptions = GPUOptions(
                romFile: "/roms/a,b.rom", properties: [DeviceProperty(key: "x-pci-vendor-id", value: "0x10de")])

            var eight = plain
            eight.accelerator = .kvm
            eight.memoryBytes = 512 << 30
            eight.firmware = .uefi(code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/run/vm/OVMF_VARS.fd")
            eight.gpus = try (0..<8).map { try card("\($0)a:00.0", functions: 1) }
            eight.windows = MemoryWindows.needed(
                cards: eight.gpus.map { _ in (MemoryWindowsTests.h100, false) }, machine: .q35,
                memoryBytes: eight.memoryBytes)

            var huge = plain
            huge.accelerator = .kvm
            huge.memoryBytes = 64 << 30
            huge.gpus = [try card("c1:00.0", functions: 2)]
            huge.hugepageBytes = 1 << 30
            huge.numa = NUMABinding(node: 1, cpus: Array(16...31))
            huge.gpuOptions = GPUOptions(hasROM: false)

            var node = plain
            node.numa = NUMABinding(node: 0, cpus: [0, 1])

            var later = plain
            later.gpus = [.awaited, .simulated]
            later.windows = MemoryWindows.needed(
                cards: [(MemoryWindowsTests.h100, true), ([], false)], machine: .q35, memoryBytes: later.memoryBytes)

            var root = plain
            root.gpus = [.simulated, .simulated]
            root.gpuOptions = GPUOptions(address: 0x16)
            return [
                "seed-pc-0x16": try seed, "q35-four-functions": four, "uefi-eight-large-gpus": eight,
                "hugepages-numa": huge, "numa-ordinary-pages": node, "awaited-gpu": later, "q35-on-the-root-bus": root,
            ]
        }
    }

    /// The seed's startvm.sh: GTX 1050 Ti and its audio function, CentOS 7, driver 390.42.
    static var seed: MachineSpecification {
        get throws {
            var seed = MachineSpecification(
                name: "centos", machine: .pc, accelerator: .kvm, cpus: 4, memoryBytes: 4096 << 20,
                diskPath: "/images/centos-7.3.1611-20180104.qcow2", diskBus: .ide, nic: .e1000,
                macAddress: "52:54:00:01:02:03", sshPort: 5022, display: .vncLoopback(display: 1),
                gpus: [try card("41:00.0", functions: 2)], hideHypervisor: true, folder: "/run/vm",
                gpuOptions: GPUOptions(address: 0x16))
            seed.windows = MemoryWindows.needed(
                cards: [(MemoryWindowsTests.gtx1050Ti, false)], machine: .pc, memoryBytes: seed.memoryBytes)
            return seed
        }
    }

    static func card(_ address: String, functions: Int) throws -> GPUAttachment {
        let slot = address.dropLast()
        return .vfio(
            try #require(PCIAddress(address)),
            companions: try (1..<functions).map { try #require(PCIAddress("\(slot)\($0)")) })
    }

    /// A companion keeps its own number; where nothing is function 0, the GPU is.
    @Test func functionNumbers() throws {
        func numbers(_ gpu: String, _ companions: String...) throws -> [String] {
            let gpu = GPUAttachment.vfio(
                try #require(PCIAddress(gpu)), companions: try companions.map { try #require(PCIAddress($0)) })
            return gpu.functions.map { "\($0.number)=\($0.address)" }
        }
        #expect(try numbers("41:00.0") == ["0=0000:41:00.0"])
        #expect(try numbers("41:00.0", "41:00.3", "41:00.1") == ["0=0000:41:00.0", "1=0000:41:00.1", "3=0000:41:00.3"])
        #expect(try numbers("41:00.4", "41:00.5") == ["0=0000:41:00.4", "1=0000:41:00.5"])
        #expect(try numbers("41:00.1", "41:00.0") == ["0=0000:41:00.0", "1=0000:41:00.1"])
        #expect(try numbers("41:00.0", "42:00.0") == ["0=0000:41:00.0", "1=0000:42:00.0"])
        #expect(GPUAttachment.simulated.functions.isEmpty && GPUAttachment.awaited.functions.isEmpty)
    }

    static let impossible: [(GPUOptions, Int, Bool, Int)] = [
        (GPUOptions(address: 0x16), 1, true, 0), (GPUOptions(address: 0x16), 9, true, 0),
        (GPUOptions(address: 0x16), 10, true, 1), (GPUOptions(address: 0xf), 1, true, 1),
        (GPUOptions(address: 0x1f), 1, false, 1), (GPUOptions(romFile: "/r"), 1, true, 0),
        (GPUOptions(romFile: "/r", hasROM: false), 1, true, 1), (GPUOptions(hasROM: false), 1, false, 1),
        (GPUOptions(properties: [DeviceProperty(key: "x-pci-vendor-id", value: "0x10de")]), 1, true, 0),
        (GPUOptions(properties: [DeviceProperty(key: "host", value: "42:00.0")]), 1, true, 1),
        (GPUOptions(properties: [DeviceProperty(key: "a,b", value: "1")]), 1, true, 1),
        (GPUOptions(properties: [DeviceProperty(key: "a", value: "1\n2")]), 1, true, 1),
        (
            GPUOptions(properties: [DeviceProperty(key: "a", value: "1"), DeviceProperty(key: "a", value: "2")]), 1,
            true, 1
        ),
    ]

    @Test(arguments: QEMUArgumentsTests.impossible) func optionsThatCannotBe(
        _ options: GPUOptions, count: Int, real: Bool, problems: Int
    ) {
        #expect(options.problems(count: count, anyReal: real).count == problems)
    }

    @Test func propertiesAreRead() {
        #expect(DeviceProperty("x-pci-device-id=0x1c82") == DeviceProperty(key: "x-pci-device-id", value: "0x1c82"))
        #expect(DeviceProperty("a=b=c") == DeviceProperty(key: "a", value: "b=c"))
        for text in ["", "=", "=1", "a=", "a"] { #expect(DeviceProperty(text) == nil) }
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
            full.gpuOptions = nil
            let places = qemuArguments(for: full).compactMap {
                $0.firstMatch(of: /bus=pci[^,]*,addr=0x[0-9a-f]+(\.0x[0-9a-f]+)?/)?.output.0
            }
            #expect(Set(places).count == places.count, "\(name)")
            #expect(places.count > 20)
        }
    }

    @Test func refusesWhatCannotBe() throws {
        var bad = Self.plain
        bad.diskPath = "disk.qcow2"
        bad.cpus = 0
        bad.memoryBytes = 100
        bad.diskBus = .ide
        bad.payloads = [PayloadDrive(path: "/a", serial: "012345678901234567890")]
        #expect(bad.problems().count == 5)
        bad.payloads = [PayloadDrive(path: "/a", serial: "x"), PayloadDrive(path: "/b", serial: "x")]
        #expect(bad.problems().contains { $0.message.contains("one serial") })
        bad = Self.plain
        bad.gpus = [.awaited]
        bad.gpuOptions = GPUOptions(address: 0x1f, hasROM: false)
        bad.hugepageBytes = 3 << 30
        #expect(bad.problems().count == 4)
        bad = Self.plain
        bad.gpus = Array(repeating: try Self.card("41:00.0", functions: 2), count: 2)
        #expect(bad.problems().count == 1)
    }
}
