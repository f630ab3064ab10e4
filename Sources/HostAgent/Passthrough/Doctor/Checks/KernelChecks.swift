/// The running kernel: what it was told, and how it was built.
extension DoctorReport {
    /// Intel's IOMMU must be asked for, unless the kernel was built to use it; AMD's is used where the firmware has it.
    static func kernelParameters(_ host: Examination) async -> [Finding] {
        let configuration = await host.configuration()
        let lookedAt = ["/proc/cmdline", "/proc/cpuinfo", configuration?.path].compactMap { $0 }
        var findings: [Finding] = []
        func add(
            _ id: String, _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) {
            findings.append(
                Finding(id, .kernel, verdict, message, lookedAt: lookedAt, seen: seen, remedy: remedy))
        }
        func enable(_ parameter: String) -> String {
            "Add \(parameter) to the kernel command line (`provision-gpu-vm doctor --fix` does it) and reboot."
        }
        let isOn = host.iommuIsOn
        let wrong: Finding.Verdict = isOn == true ? .warning : .blocks
        let intel = host.parameter("intel_iommu")?.split(separator: ",").map { String($0) } ?? []
        let asked = intel.last { $0 == "on" || $0 == "off" }
        let builtIn = configuration?.options["CONFIG_INTEL_IOMMU_DEFAULT_ON"]

        if let parameters = host.parameters {
            let offs = [
                "iommu=off", "iommu=soft", "intel_iommu=off", "amd_iommu=off",
            ].filter { word in
                let parts = word.split(separator: "=")
                return parameters.contains(word) && host.parameter(String(parts[0])) == String(parts[1])
            }
            if let off = offs.first {
                add(
                    "kernel.iommu", wrong, "The kernel is told to leave the IOMMU off.",
                    seen: ["/proc/cmdline: \(off)"],
                    remedy: "Take \(off) out of the kernel command line and reboot.")
            } else if host.iommuVendor == "AuthenticAMD" || host.iommuVendor == "HygonGenuine" {
                add(
                    "kernel.iommu", .ok, "AMD's IOMMU needs no parameter: the kernel uses it where the firmware has it."
                )
            } else if asked == "on" {
                add(
                    "kernel.iommu", .ok, "The kernel is told to use the IOMMU.", seen: ["/proc/cmdline: intel_iommu=on"]
                )
            } else if host.iommuVendor == "GenuineIntel" {
                let seen = ["/proc/cmdline: no intel_iommu=on"]
                switch (builtIn, isOn) {
                case ("y"?, _):
                    add(
                        "kernel.iommu", .ok, "The kernel was built to use Intel's IOMMU by itself.",
                        seen: ["CONFIG_INTEL_IOMMU_DEFAULT_ON=y"])
                case (_, true?):
                    add(
                        "kernel.iommu", .ok, "The IOMMU is on without a parameter.", seen: seen,
                        remedy: "intel_iommu=on makes sure that it stays so.")
                case ("n"?, _):
                    add(
                        "kernel.iommu", .blocks,
                        "The kernel is not told to use Intel's IOMMU, and was not built to use it by itself.",
                        seen: seen + ["# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set"], remedy: enable("intel_iommu=on"))
                case (_, false?):
                    add(
                        "kernel.iommu", .warning,
                        "The kernel is not told to use Intel's IOMMU; how it was built is not known.", seen: seen,
                        remedy: enable("intel_iommu=on"))
                case (_, nil):
                    add(
                        "kernel.iommu", .unknown,
                        "The kernel is not told to use Intel's IOMMU; how it was built is not known.", seen: seen,
                        remedy: enable("intel_iommu=on"))
                }
            } else {
                add(
                    "kernel.iommu", isOn == true ? .ok : .unknown,
                    isOn == true
                        ? "The kernel uses the IOMMU."
                        : "Whether the IOMMU needs a kernel parameter is not known: neither is the processor.")
            }
            let passthrough =
                host.parameter("iommu") == "pt" || host.parameter("iommu.passthrough") == "1"
                || configuration?.options["CONFIG_IOMMU_DEFAULT_PASSTHROUGH"] == "y"
            add(
                "kernel.iommu-passthrough-mode", .ok,
                passthrough
                    ? "The host's own devices go around the IOMMU, at full speed."
                    : "The host's own devices go through the IOMMU, too, which costs them some speed.",
                seen: passthrough ? [] : ["/proc/cmdline: no iommu=pt"],
                remedy: passthrough ? nil : "iommu=pt spares them that.")
            if let words = parameters.first(where: { $0.hasPrefix("pcie_acs_override=") }) {
                add(
                    "kernel.acs-override", .warning, "IOMMU groups are split in name only.",
                    seen: ["/proc/cmdline: \(words)"],
                    remedy:
                        "Devices that share a real group can reach each other's memory, whatever the groups say. Take the"
                        + " parameter out, unless you trust the guest.")
            }
        } else {
            add(
                "kernel.iommu", isOn == true ? .ok : .unknown,
                isOn == true ? "The kernel uses the IOMMU." : "The kernel's command line is not known.")
        }
        return findings
    }

    /// VFIO and the IOMMU's driver must have been built.
    static func kernelConfiguration(_ host: Examination) async -> [Finding] {
        guard let (path, options) = await host.configuration() else {
            let looked = host.release.map { "/boot/config-\($0)" } ?? "/boot/config-*"
            return [
                Finding(
                    "kernel.configuration", .kernel, .unknown, "How the kernel was built is not known.",
                    lookedAt: [looked, "/proc/config.gz"])
            ]
        }
        var needed = ["CONFIG_VFIO", "CONFIG_VFIO_PCI", "CONFIG_IOMMU_SUPPORT"]
        if host.iommuVendor == "GenuineIntel" { needed += ["CONFIG_INTEL_IOMMU", "CONFIG_IRQ_REMAP"] }
        if host.iommuVendor == "AuthenticAMD" { needed += ["CONFIG_AMD_IOMMU", "CONFIG_IRQ_REMAP"] }
        // "is not set" is certain. A name that does not stand there may belong to another version.
        let off = needed.filter { options[Substring($0)] == "n" }
        let absent = needed.filter { options[Substring($0)] == nil }
        let seen = needed.compactMap { name in
            options[Substring(name)].map { $0 == "n" ? "# \(name) is not set" : "\(name)=\($0)" }
        }
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> [Finding] {
            [Finding("kernel.configuration", .kernel, verdict, message, lookedAt: [path], seen: seen, remedy: remedy)]
        }
        guard off.isEmpty else {
            return finding(
                .blocks, "The kernel was built without \(off.joined(separator: ", ")).",
                remedy: "Boot a kernel of the distribution's, or build one with these options.")
        }
        return absent.isEmpty
            ? finding(.ok, "The kernel was built with VFIO and the IOMMU's driver.")
            : finding(.unknown, "\(path) does not name \(absent.joined(separator: ", ")).")
    }
}
