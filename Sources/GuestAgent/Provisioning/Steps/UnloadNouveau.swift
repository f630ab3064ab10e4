import Contract
import Guest

/// Gets nouveau out of the running kernel; only where it will not go the machine is rebooted.
///
/// Nouveau's own frame buffer console is taken off it first, where no other display depends on that. Its driver is not
/// unbound from the device: `modprobe -r` does it where nobody holds the module, and where somebody does, a device that is
/// torn away leaves the module in.
struct UnloadNouveau: Step {
    let id = StepID.unloadNouveau
    let title = "unload nouveau"
    let flavour = StepFlavour.volatile

    func check(_ context: StepContext) async throws -> CheckResult {
        guard let entry = KernelModules(context.guest).entry("nouveau") else {
            return .satisfied(["nouveau is not loaded"])
        }
        let users = entry.users.isEmpty ? "" : " by \(entry.users.joined(separator: ", "))"
        return .needed("nouveau is loaded, held \(entry.references) times\(users)")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        guard KernelModules(context.guest).entry("nouveau") != nil else { return [] }
        let consoles = FramebufferConsole(context.root).consoles(holding: "nouveau")
        return [.run("modprobe -r nouveau")]
            + consoles.map { .note("where it is held: take \($0.name) off nouveau's frame buffer and try again") }
            + [.reboot("nouveau will not unload")]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let modules = KernelModules(context.guest)
        var result = try await modules.unload("nouveau")
        var tried: [String] = []
        if modules.entry("nouveau") != nil {
            let framebuffer = FramebufferConsole(context.root)
            let consoles = framebuffer.consoles(holding: "nouveau").filter { set(framebuffer, $0, bound: false) }
            if !consoles.isEmpty {
                let names = consoles.map(\.name).joined(separator: ", ")
                tried = ["took \(names) off nouveau's frame buffer"]
                result = try await modules.unload("nouveau")
                if modules.entry("nouveau") != nil {
                    for console in consoles { _ = set(framebuffer, console, bound: true) }
                }
                context.emit(.progress(id, message: tried[0]))
            }
        }
        guard let entry = modules.entry("nouveau") else { return .applied }
        let said = (result.output + result.errors).trimmed
        guard context.reboots == 0 else {
            throw Failure.guest(
                .nouveau, title, "nouveau was loaded again after the reboot.",
                evidence: tried + [
                    "modprobe -r nouveau: \(said)",
                    "/proc/modules: nouveau, held \(entry.references) times",
                    "/proc/cmdline: \(context.root.attribute("/proc/cmdline") ?? "")",
                ],
                remedy:
                    "Look for what loads it: a name in /etc/modules or /etc/modules-load.d, a kernel with nouveau built in, or an initramfs that the boot loader takes from elsewhere."
            )
        }
        return .rebootRequired("nouveau will not unload (\(said.isEmpty ? result.endingDescription : said))")
    }

    /// A console that will not change stays as it is: the module's own answer counts.
    private func set(_ framebuffer: FramebufferConsole, _ console: FramebufferConsole.Console, bound: Bool) -> Bool {
        (try? framebuffer.set(console, bound: bound)) != nil
    }

    func verify(_ context: StepContext) async throws -> [String] {
        guard KernelModules(context.guest).entry("nouveau") == nil else {
            throw Failure.guest(
                .nouveau, title, "nouveau is loaded again.", remedy: "Look for what loads it in the image.")
        }
        return ["nouveau is not loaded"]
    }
}
