public import Contract
import Glibc
import SystemPackage

extension Guest {
    /// The machine, at a glance. `gpus` says which PCI functions are of interest.
    public func facts(gpus: [ExpectedGPU]) async throws -> GuestFacts {
        let release = OSRelease(of: root)
        return GuestFacts(
            osID: release.id, osVersion: release.versionID, osName: release.prettyName, kernel: kernel,
            architecture: architecture, firmware: root.isDirectory("/sys/firmware/efi") ? "uefi" : "bios",
            secureBoot: secureBoot, initramfsTool: InitramfsTool.of(root)?.rawValue,
            systemd: try await systemdVersion(), hypervisor: try await hypervisorSignature(),
            cpus: onlineCPUs, memoryBytes: memoryBytes, rootFreeBytes: try root.freeBytes(at: "/"),
            gpus: PCIBus(root).gpus(gpus))
    }

    /// Whether Secure Boot is enforced: the EFI variable's fifth byte (four bytes of attributes come first). Nil where
    /// there are no EFI variables to read.
    public var secureBoot: Bool? {
        let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        guard let bytes = try? root.bytes(variable, limit: 16), bytes.count >= 5 else { return nil }
        return bytes[4] == 1
    }

    /// Version of systemd, nil where it is not what runs the machine (sd_booted(3): this folder is there).
    public func systemdVersion() async throws -> Int? {
        guard root.isDirectory("/run/systemd/system") else { return nil }
        let text = try await runner.run("systemctl", "--version").output  // "systemd 252 (252.39-1~deb12u1)"
        return text.words.dropFirst().first.flatMap { Int($0.prefix(while: \.isNumber)) }
    }

    /// `MemTotal`, bytes.
    public var memoryBytes: Int64 { memory("MemTotal") }

    /// `MemAvailable`, bytes.
    public var availableMemoryBytes: Int64 { memory("MemAvailable") }

    private func memory(_ key: String) -> Int64 {
        let line = (root.textIfReadable("/proc/meminfo") ?? "").lines.first { $0.hasPrefix(key + ":") }
        return line.flatMap { $0.words.dropFirst().first }.flatMap { Int64($0) }.map { $0 << 10 } ?? 0
    }

    /// Online CPUs, from a list such as "0-3,5".
    public var onlineCPUs: Int {
        let ranges = (root.attribute("/sys/devices/system/cpu/online") ?? "0").split(separator: ",")
        return ranges.reduce(0) { sum, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return sum + (ends.last ?? 0) - (ends.first ?? 0) + 1
        }
    }

    /// The hypervisor's signature at CPUID leaf 0x40000000, as a guest driver sees it; nil where it is hidden.
    ///
    /// Read through the kernel's cpuid device, since systemd-detect-virt also looks at the firmware's tables and sees KVM
    /// where the processor hides it. Without that device the processor's flag and systemd's word must do.
    func hypervisorSignature() async throws -> String? {
        let flags = (root.textIfReadable("/proc/cpuinfo") ?? "").lines.first { $0.hasPrefix("flags") } ?? ""
        guard flags.words.contains("hypervisor") else { return nil }
        let device = "/dev/cpu/0/cpuid"
        let loaded = root.exists(device)
        if !loaded { _ = try await runner.run("modprobe", "-q", "cpuid") }
        let signature = cpuidSignature(device)
        if !loaded && signature != nil { _ = try await runner.run("modprobe", "-q", "-r", "cpuid") }
        if let signature { return signature }
        let name = try await runner.run("systemd-detect-virt", "--vm").output.trimmed
        let signatures = [
            "kvm": "KVMKVMKVM", "qemu": "TCGTCGTCGTCG", "microsoft": "Microsoft Hv", "vmware": "VMwareVMware",
            "xen": "XenVMMXenVMM", "bhyve": "bhyve bhyve",
        ]
        return signatures[name] ?? (name.isEmpty || name == "none" ? nil : name)
    }

    private func cpuidSignature(_ device: String) -> String? {
        guard let file = try? FileDescriptor.open(FilePath(root.real(device)), .readOnly) else { return nil }
        defer { try? file.close() }
        // The offset is the leaf; the answer is EAX, EBX, ECX, EDX; the signature is in the last three.
        var registers = [UInt8](repeating: 0, count: 16)
        let count = try? registers.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0x4000_0000, into: $0) }
        guard count == 16 else { return nil }
        let signature = String(decoding: registers[4...].prefix { $0 != 0 }, as: UTF8.self)
        return signature.isEmpty ? nil : signature
    }
}
