import Contract
import Guest

/// Gets nouveau out of the running kernel; only where it will not go the machine is rebooted.
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

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let modules = KernelModules(context.guest)
        let result = try await modules.unload("nouveau")
        guard let entry = modules.entry("nouveau") else { return .applied }
        let said = (result.output + result.errors).trimmed
        guard context.reboots == 0 else {
            throw Failure.guest(
                .nouveau, title, "nouveau was loaded again after the reboot.",
                evidence: [
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

    func verify(_ context: StepContext) async throws -> [String] {
        guard KernelModules(context.guest).entry("nouveau") == nil else {
            throw Failure.guest(
                .nouveau, title, "nouveau is loaded again.", remedy: "Look for what loads it in the image.")
        }
        return ["nouveau is not loaded"]
    }
}
