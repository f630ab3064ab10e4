import Host

/// What runs the guest: KVM, memory, QEMU, firmware.
extension DoctorReport {
    /// Device, processor and a VM that is really made.
    static func kvm(_ host: Examination) async -> [Finding] {
        let answer = await host.tree.answer(.createVM)
        let lookedAt = ["/dev/kvm", "/proc/cpuinfo", "KVM_CREATE_VM"]
        let flag = ["vmx", "svm"].first { host.cpuFlags.contains(Substring($0)) }
        var seen = host.cpuFlags.isEmpty ? [] : ["/proc/cpuinfo: \(flag.map { "flag \($0)" } ?? "neither vmx nor svm")"]
        if let answer, answer.status != 0 { seen.append("KVM_CREATE_VM: \(answer.text)") }
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> Finding {
            Finding("kvm.usable", .kvm, verdict, message, lookedAt: lookedAt, seen: seen, remedy: remedy)
        }
        let slow = "without it QEMU emulates the processor, which is some 20 times slower"
        let first: Finding
        switch (answer?.status, flag, host.cpuFlags.isEmpty) {
        case (0?, _?, _), (0?, _, true): first = finding(.ok, "KVM works: a VM could be made.")
        case (0?, nil, false):
            first = finding(
                .warning, "KVM answers, but the processor shows neither vmx nor svm; \(slow).",
                remedy: "Switch VT-x or AMD-V (SVM) on in the firmware, or nesting on in the hypervisor below.")
        case (let status?, _, _):
            first = finding(.warning, "KVM does not work; \(slow).", remedy: kvmRemedy(status, flag: flag, host))
        case (nil, nil, false):
            first = finding(
                .warning, "The processor shows neither vmx nor svm: KVM cannot work; \(slow).",
                remedy: kvmRemedy(0, flag: nil, host))
        case (nil, _, _):
            first = finding(.unknown, "Whether KVM can make a VM is not known from this tree.")
        }
        return [first, ignoreMSRs(host)]
    }

    private static func kvmRemedy(_ status: Int32, flag: String?, _ host: Examination) -> String {
        switch status {
        case 13: return "Add this user to the group that owns /dev/kvm (usermod -aG kvm USER), and log in again."
        case 16:
            return "Another hypervisor has the processor's extension (VirtualBox, VMware): stop it, unload its module."
        default: break
        }
        return flag == nil
            ? "Switch VT-x or AMD-V (SVM) on in the firmware, or nesting on in the hypervisor below."
            : "Load KVM: modprobe \(flag == "svm" ? "kvm_amd" : "kvm_intel"); look at dmesg where that fails."
    }

    /// A register that KVM does not know raises a fault in the guest, or is passed over.
    private static func ignoreMSRs(_ host: Examination) -> Finding {
        let path = "/sys/module/kvm/parameters/ignore_msrs"
        let value = host.tree.attribute(path)
        let configured = ModprobeFiles(host.tree).options(of: "kvm", "ignore_msrs").last
        let asked = configured?.value ?? host.parameter("kvm.ignore_msrs")
        let isOn = value.map { ["Y", "1"].contains($0) }
        let wanted = asked.map { ["Y", "y", "1"].contains($0) }
        let seen = [value.map { "\(path): \($0)" }, configured?.line.text].compactMap { $0 }
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> Finding {
            Finding(
                "kvm.ignore-msrs", .kvm, verdict, message, lookedAt: [path, "/etc/modprobe.d"], seen: seen,
                remedy: remedy)
        }
        switch (isOn, wanted) {
        case (true?, _): return finding(.ok, "KVM passes over registers (MSRs) that it does not know.")
        case (false?, true?):
            return finding(
                .warning, "KVM is configured to pass over registers (MSRs) that it does not know, and does not yet.",
                remedy: "Reboot, or as root: echo Y > \(path)")
        case (false?, _):
            return finding(
                .ok, "A register (MSR) that KVM does not know raises a fault in the guest, as on silicon.",
                remedy:
                    "Some guests (Windows, old drivers) need ignore_msrs=1; `provision-gpu-vm doctor --fix` sets it.")
        case (nil, true?): return finding(.ok, "KVM is configured to pass over registers (MSRs) that it does not know.")
        case (nil, _): return finding(.unknown, "What KVM does with registers that it does not know is not known.")
        }
    }

    /// The guest's memory is pinned: it must be free, and this user must be allowed to lock it.
    static func memory(_ host: Examination) async -> [Finding] {
        let wanted = host.request.memory
        var findings: [Finding] = []
        let memory = host.tree.text("/proc/meminfo").map { HostMemory(meminfo: $0) }
        if let memory, memory.total > 0 {
            let seen = ["MemTotal \(gibibytes(memory.total)), MemAvailable \(gibibytes(memory.available))"]
            func add(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) {
                findings.append(
                    Finding(
                        "memory.free", .memory, verdict, message, lookedAt: ["/proc/meminfo"], seen: seen,
                        remedy: remedy))
            }
            // QEMU's own, and room for the host to go on.
            let spare = min(wanted / 8, 2 << 30)
            if memory.total < wanted {
                add(
                    .blocks, "The host has less memory than the guest's \(gibibytes(wanted)).",
                    remedy: "Ask for less with --memory. A guest with a passed-through device cannot be swapped.")
            } else if memory.available < wanted {
                add(
                    .blocks, "The guest's \(gibibytes(wanted)) are not free.",
                    remedy:
                        "End something, or ask for less with --memory. A guest with a passed-through device has all of"
                        + " its memory pinned: it cannot be overcommitted or swapped.")
            } else if memory.available < wanted + spare {
                add(
                    .warning, "The guest's \(gibibytes(wanted)) leave little to the host, and they will be pinned.",
                    remedy: "End something, or ask for less with --memory.")
            } else {
                add(.ok, "The guest's \(gibibytes(wanted)) are free.")
            }
        } else {
            findings.append(
                Finding(
                    "memory.free", .memory, .unknown, "How much memory is free is not known.",
                    lookedAt: ["/proc/meminfo"]))
        }
        findings.append(await memoryLock(host))
        return findings
    }

    private static func memoryLock(_ host: Examination) async -> Finding {
        let answer = await host.tree.answer(.memoryLock)
        // CAP_IPC_LOCK, bit 14: no limit counts.
        let capabilities = (host.tree.text("/proc/self/status") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("CapEff:") }?.split(whereSeparator: \.isWhitespace).last.flatMap {
                UInt64($0, radix: 16)
            }
        let wanted = host.request.memory
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> Finding {
            Finding(
                "memory.lock", .memory, verdict, message, lookedAt: ["RLIMIT_MEMLOCK", "/proc/self/status"], seen: seen,
                remedy: remedy)
        }
        let limits = answer?.text.split(whereSeparator: \.isWhitespace) ?? []
        guard answer?.status == 0, limits.count == 2 else {
            return finding(.unknown, "How much memory this user may lock is not known from this tree.")
        }
        if let capabilities, capabilities & (1 << 14) != 0 {
            return finding(.ok, "This user may lock any amount of memory (CAP_IPC_LOCK).")
        }
        let hard = limits[1] == "unlimited" ? Int64.max : Int64(limits[1]) ?? 0
        let seen = ["limit: soft \(limits[0]), hard \(limits[1])"]
        // QEMU maps the devices' own regions as well.
        let enough = wanted + (1 << 30)
        let kibibytes = enough >> 10
        let remedy =
            "As root: printf 'USER hard memlock \(kibibytes)\\nUSER soft memlock \(kibibytes)\\n' >"
            + " /etc/security/limits.d/provision-gpu-vm.conf with the user's name, and log in again (a service:"
            + " LimitMEMLOCK=\(kibibytes)K)."
        if hard >= enough { return finding(.ok, "This user may lock the guest's memory.", seen: seen) }
        return hard >= wanted
            ? finding(.warning, "This user may lock the guest's memory, and hardly more.", seen: seen, remedy: remedy)
            : finding(
                .blocks, "This user may not lock the guest's \(gibibytes(wanted)), and VFIO pins all of it.",
                seen: seen,
                remedy: remedy)
    }

    /// Huge pages are a choice; those that are reserved are not free for anything else.
    static func hugepages(_ host: Examination) -> [Finding] {
        let folder = "/sys/kernel/mm/hugepages"
        let sizes = host.tree.list(folder).compactMap { name -> (size: Int64, total: Int64, free: Int64)? in
            let digits = name.drop { !$0.isNumber }.prefix { $0.isNumber }
            guard name.hasPrefix("hugepages-"), let kibibytes = Int64(digits),
                let total = host.tree.attribute("\(folder)/\(name)/nr_hugepages").flatMap({ Int64($0) }),
                let free = host.tree.attribute("\(folder)/\(name)/free_hugepages").flatMap({ Int64($0) })
            else { return nil }
            return (kibibytes << 10, total, free)
        }
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "memory.hugepages", .memory, verdict, message, lookedAt: [folder + "/hugepages-*"], seen: seen,
                    remedy: remedy)
            ]
        }
        guard !sizes.isEmpty else { return finding(.unknown, "Whether huge pages are reserved is not known.") }
        let reserved = sizes.filter { $0.total > 0 }
        guard !reserved.isEmpty else {
            return finding(
                .ok, "No huge pages are reserved, and none are needed.",
                remedy: "Reserved ones make large guests start and run faster.")
        }
        let seen = reserved.map { "\($0.total) pages of \(pageSize($0.size)), \($0.free) free" }
        let free = reserved.map { $0.size * $0.free }.max() ?? 0
        return free >= host.request.memory
            ? finding(.ok, "The guest fits into the reserved huge pages.", seen: seen)
            : finding(
                .warning, "The reserved huge pages are too few for the guest, and no memory for anything else.",
                seen: seen,
                remedy: "Reserve more (nr_hugepages), or none.")
    }

    /// QEMU, its version, and its vfio-pci.
    static func qemu(_ host: Examination) async -> [Finding] {
        let name = "qemu-system-x86_64"
        let places = ["/usr/bin/\(name)", "/usr/local/bin/\(name)"]
        let install = host.install(
            debian: "qemu-system-x86 qemu-utils", redHat: "qemu-kvm qemu-img", suse: "qemu-x86 qemu-tools",
            arch: "qemu-base")
        func finding(
            _ id: String, _ verdict: Finding.Verdict, _ message: String, _ lookedAt: String, seen: [String] = [],
            remedy: String? = nil
        ) -> Finding {
            Finding(id, .qemu, verdict, message, lookedAt: [lookedAt], seen: seen, remedy: remedy)
        }
        guard let answer = await host.tree.answer(.program([name, "--version"])) else {
            let place = places.first { host.tree.exists($0) }
            return [
                finding(
                    "qemu.version", .unknown,
                    place == nil
                        ? "Whether QEMU is installed is not known from this tree."
                        : "QEMU is installed; its version is not known from this tree.", place ?? places[0])
            ]
        }
        guard answer.status == 0 else {
            // EL has QEMU under another name, outside PATH.
            let elsewhere = host.tree.exists("/usr/libexec/qemu-kvm")
            return [
                finding(
                    "qemu.version", .blocks, "There is no \(name) in PATH.", "\(name) --version",
                    seen: elsewhere ? ["/usr/libexec/qemu-kvm is there"] : [],
                    remedy: elsewhere
                        ? "As root: ln -s /usr/libexec/qemu-kvm /usr/local/bin/\(name)" : "As root: \(install)")
            ]
        }
        let line = answer.text.split(separator: "\n").first.map { String($0) } ?? ""
        let version = KernelRelease(String(line.drop { !$0.isNumber }))
        var findings = [
            version.map { $0 < KernelRelease(5, 0) } == true
                ? finding(
                    "qemu.version", .warning, "QEMU is older than what this tool was tried with (5.0 and later).",
                    "\(name) --version", seen: [line], remedy: "Install a newer QEMU.")
                : finding(
                    "qemu.version", .ok,
                    "QEMU \(version.map { "\($0.major).\($0.minor)" } ?? "of an unknown version") is there.",
                    "\(name) --version", seen: [line])
        ]
        let devices = await host.tree.answer(.program([name, "-device", "help"]))
        if let devices, devices.status == 0, devices.text.contains("name \"") {
            let has = devices.text.contains("name \"vfio-pci\"")
            findings.append(
                finding(
                    "qemu.vfio", has ? .ok : .blocks, "QEMU \(has ? "has" : "was built without") vfio-pci.",
                    "\(name) -device help", remedy: has ? nil : "Install the full QEMU: \(install)"))
        } else {
            findings.append(
                finding("qemu.vfio", .unknown, "Whether QEMU has vfio-pci is not known.", "\(name) -device help"))
        }
        return findings
    }

    /// UEFI firmware for guests that boot by it alone.
    static func uefiFirmware(_ host: Examination) -> [Finding] {
        let places = OVMFPlace.all.map { ("/" + $0.code, "/" + $0.variables) }
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "qemu.ovmf", .qemu, verdict, message, lookedAt: places.map(\.0), seen: seen, remedy: remedy)
            ]
        }
        if let place = places.first(where: { host.tree.exists($0.0) && host.tree.exists($0.1) }) {
            return finding(.ok, "There is UEFI firmware for guests.", seen: [place.0])
        }
        guard host.isMachine else {
            return finding(.unknown, "Whether there is UEFI firmware for guests is not known from this tree.")
        }
        let install = host.install(debian: "ovmf", redHat: "edk2-ovmf", suse: "qemu-ovmf-x86_64", arch: "edk2-ovmf")
        return finding(
            .warning, "There is no UEFI firmware (OVMF): images that boot by UEFI alone will not start.",
            remedy: "As root: \(install)")
    }

    private static func pageSize(_ bytes: Int64) -> String {
        bytes >= 1 << 30 ? "\(bytes >> 30) GiB" : "\(bytes >> 20) MiB"
    }
}

/// Bytes for people, with one place behind the point: "15.6 GiB".
func gibibytes(_ bytes: Int64) -> String {
    let tenths = (bytes * 10 + (1 << 29)) >> 30
    return tenths % 10 == 0 ? "\(tenths / 10) GiB" : "\(tenths / 10).\(tenths % 10) GiB"
}
