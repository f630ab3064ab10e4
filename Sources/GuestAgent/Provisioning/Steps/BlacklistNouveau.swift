import Contract
import Guest

/// Keeps nouveau from being loaded: by modprobe, and on the kernel command line for what runs before modprobe.d counts.
struct BlacklistNouveau: Step {
    let id = StepID.blacklistNouveau
    let title = "blacklist nouveau"

    static let file = "/etc/modprobe.d/gpu-guest-agent-nouveau.conf"
    static let text = """
        # Written by gpu-guest-agent: nouveau must not take the GPU before the NVIDIA driver does.
        blacklist nouveau
        options nouveau modeset=0

        """
    /// `rd.` is dracut's; initramfs-tools and systemd-udevd's kmod read `modprobe.blacklist` (facts, section 6).
    static let parameters = ["rd.driver.blacklist=nouveau", "modprobe.blacklist=nouveau", "nouveau.modeset=0"]

    func check(_ context: StepContext) async throws -> CheckResult {
        var reasons: [String] = []
        if context.root.textIfReadable(Self.file) != Self.text { reasons.append("\(Self.file) is missing") }
        let missing = BootLoader(context.guest).missing(Self.parameters)
        if !missing.isEmpty { reasons.append("the boot loader does not pass \(missing.joined(separator: " "))") }
        return reasons.isEmpty ? .satisfied(evidence(context)) : .needed(reasons.joined(separator: "; "))
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        if context.root.textIfReadable(Self.file) != Self.text { try context.changes.write(Self.text, to: Self.file) }
        let bootLoader = BootLoader(context.guest)
        if !bootLoader.missing(Self.parameters).isEmpty { try await bootLoader.add(Self.parameters) }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let missing = BootLoader(context.guest).missing(Self.parameters)
        if !missing.isEmpty {
            context.emit(
                .warning(
                    id,
                    message:
                        "the boot loader's new configuration lacks \(missing.joined(separator: " ")); modprobe.d and the initramfs keep nouveau away without it"
                ))
        }
        return evidence(context)
    }

    private func evidence(_ context: StepContext) -> [String] {
        ["\(Self.file) blacklists nouveau", commandLine(BootLoader(context.guest))]
    }

    /// What the generated configuration really has.
    private func commandLine(_ bootLoader: BootLoader) -> String {
        guard let configuration = bootLoader.configuration else {
            return "no GRUB: the kernel command line is left alone"
        }
        guard bootLoader.hasKernelLines else { return "\(configuration) boots no kernel by itself" }
        let missing = bootLoader.missing(Self.parameters)
        let passed = Self.parameters.filter { !missing.contains($0) }
        return passed.isEmpty
            ? "\(configuration) passes nothing about nouveau"
            : "\(configuration) passes \(passed.joined(separator: " "))"
    }
}
