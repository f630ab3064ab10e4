import Contract
import Guest

/// Keeps nouveau from being loaded: by modprobe, and on the kernel command line for what runs before modprobe.d counts.
///
/// Blacklists of others (nvidia-installer's, a distribution's) are told as evidence and do not replace ours: they may go
/// with the package that brought them. Where SUSE's modprobe would refuse the NVIDIA driver's modules as unsupported, it is
/// told to load them.
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
        for (path, _) in ModprobeConfiguration(context.root).allowingUnsupported {
            reasons.append("\(path) does not let modprobe load unsupported modules")
        }
        let bootLoader = bootLoader(context)
        let missing = bootLoader.missing(Self.parameters)
        if !missing.isEmpty {
            reasons.append("the boot loader does not pass \(missing.joined(separator: " "))")
        } else {
            // Entries that are right, and settings for the next kernel that are not.
            for case .write(let path, _) in bootLoader.changes(adding: Self.parameters) {
                reasons.append("\(path) lacks the blacklist")
            }
        }
        return reasons.isEmpty ? .satisfied(evidence(context)) : .needed(reasons.joined(separator: "; "))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        var actions: [DryRun.Action] = []
        if context.root.textIfReadable(Self.file) != Self.text {
            actions.append(.write(path: Self.file, text: Self.text))
        }
        actions += ModprobeConfiguration(context.root).allowingUnsupported.map { .write(path: $0.path, text: $0.text) }
        let bootLoader = bootLoader(context)
        for change in bootLoader.changes(adding: Self.parameters) {
            switch change {
            case .write(let path, let text): actions.append(.write(path: path, text: text))
            case .remove(let path): actions.append(.remove(path: path))
            case .run(let command, _): actions.append(.run(command.line))
            }
        }
        if case .leftAlone(let why) = bootLoader.kind {
            actions.append(
                .note("\(why): the kernel command line is left alone; modprobe.d and the initramfs do the work"))
        }
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        if context.root.textIfReadable(Self.file) != Self.text {
            try context.changes.write(Self.text, to: Self.file)
        }
        for (path, text) in ModprobeConfiguration(context.root).allowingUnsupported {
            try context.changes.write(text, to: path)
        }
        try await bootLoader(context).add(Self.parameters)
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let bootLoader = bootLoader(context)
        let missing = bootLoader.missing(Self.parameters)
        if !missing.isEmpty {
            context.emit(
                .warning(
                    id,
                    message:
                        "the boot loader's new configuration lacks \(missing.joined(separator: " ")); modprobe.d and the initramfs keep nouveau away without it"
                ))
        }
        let configuration = ModprobeConfiguration(context.root)
        for line in configuration.contradicting("nouveau", option: "modeset=0", except: Self.file) {
            context.emit(
                .warning(
                    id,
                    message: "\(line) contradicts the blacklist, which holds as long as nobody asks for nouveau by name"
                ))
        }
        return evidence(context) + [try await bootLoader.grubbySays(Self.parameters)].compactMap { $0 }
    }

    private func bootLoader(_ context: StepContext) -> BootLoader {
        BootLoader(context.guest, kernels: context.plan.recipe.kernels)
    }

    /// What the boot entries really have comes last.
    private func evidence(_ context: StepContext) -> [String] {
        ["\(Self.file) blacklists nouveau"]
            + ModprobeConfiguration(context.root).blacklisting("nouveau", except: Self.file).map {
                "\($0), not ours, blacklists it too"
            }
            + ModprobeConfiguration(context.root).allowsUnsupported.map {
                "\($0) lets modprobe load unsupported modules"
            } + [bootLoader(context).evidence(of: Self.parameters)]
    }
}
