import Contract
import Guest

/// Takes nouveau out of the initramfs of every kernel, where it would be loaded before any blacklist of the root file
/// system counts, and proves it by listing the images.
struct RebuildInitramfs: Step {
    let id = StepID.initramfs
    let title = "take nouveau out of the initramfs"

    func check(_ context: StepContext) async throws -> CheckResult {
        let modules = KernelModules(context.guest).files(of: "nouveau")
        guard !modules.isEmpty else { return .satisfied(["no installed kernel has a nouveau module"]) }
        guard let initramfs = Initramfs(context.guest) else { return .satisfied(["no initramfs tool is installed"]) }
        guard !initramfs.images.isEmpty else { return .satisfied(["no kernel boots with an initramfs"]) }
        guard context.root.textIfReadable(initramfs.tool.exclusion.path) == initramfs.tool.exclusion.text else {
            return .needed("\(initramfs.tool.rawValue) may put nouveau into the initramfs")
        }
        for image in initramfs.images {
            if let found = try await initramfs.occurrences(of: "nouveau", in: image).first {
                return .needed("\(image.path) has \(found.words.last ?? found)")
            }
        }
        return .satisfied(evidence(initramfs))
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        guard let initramfs = Initramfs(context.guest) else { return .applied }
        let exclusion = initramfs.tool.exclusion
        try context.changes.write(exclusion.text, to: exclusion.path, mode: exclusion.mode)
        for image in initramfs.images where !(try await initramfs.occurrences(of: "nouveau", in: image)).isEmpty {
            context.emit(.progress(id, message: "rebuilding \(image.path)"))
            try await initramfs.rebuild(image)
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        guard let initramfs = Initramfs(context.guest) else { return ["no initramfs tool is installed"] }
        for image in initramfs.images {
            let found = try await initramfs.occurrences(of: "nouveau", in: image)
            guard found.isEmpty else {
                throw Failure.guest(
                    .initramfs, title, "nouveau is still in \(image.path) after it was rebuilt.",
                    evidence: Array(found.prefix(5)),
                    remedy:
                        "Look for a configuration of \(initramfs.tool.rawValue) in the image that forces nouveau in.")
            }
        }
        return evidence(initramfs)
    }

    private func evidence(_ initramfs: Initramfs) -> [String] {
        initramfs.images.map { "\($0.path) has no nouveau.ko" }
    }
}
