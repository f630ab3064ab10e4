import Contract
import Guest

/// Takes nouveau out of the initramfs of the kernels, where it would be loaded before any blacklist of the root file
/// system counts, and proves it by listing the images.
struct RebuildInitramfs: Step {
    let id = StepID.initramfs
    let title = "take nouveau out of the initramfs"

    func check(_ context: StepContext) async throws -> CheckResult {
        if let why = nothingToDo(context) { return .satisfied([why]) }
        guard let initramfs = initramfs(context) else { return .satisfied([noTool(context)]) }
        if let first = initramfs.tool.missingExclusions(context.root).first {
            return .needed("\(initramfs.tool.rawValue) may put nouveau into the initramfs: \(first.path)")
        }
        for image in initramfs.images {
            switch try await initramfs.look(at: image) {
            case .torn: return .needed("\(image.path) was left unfinished")
            case .usable(let contents):
                if let found = contents.files(of: "nouveau").first { return .needed("\(image.path) has \(found)") }
            }
        }
        return .satisfied(evidence(initramfs))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        guard nothingToDo(context) == nil, let initramfs = initramfs(context) else { return [] }
        var actions: [DryRun.Action] = initramfs.tool.missingExclusions(context.root).map {
            .write(path: $0.path, text: $0.text)
        }
        for unit in initramfs.units {
            let looks = try await looks(at: unit, initramfs)
            guard looks.contains(where: { $0.needsRebuild(without: "nouveau") }) else { continue }
            actions += unit.images.map { .note("keep \($0.path) as \($0.backup)") }
            actions.append(.run(unit.command.line))
        }
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        guard let initramfs = initramfs(context) else { return .applied }
        initramfs.removeLeftovers()
        for exclusion in initramfs.tool.missingExclusions(context.root) {
            try context.changes.write(exclusion.text, to: exclusion.path, mode: exclusion.mode)
        }
        for unit in initramfs.units {
            let looks = try await looks(at: unit, initramfs)
            guard looks.contains(where: { $0.needsRebuild(without: "nouveau") }) else { continue }
            context.emit(.progress(id, message: "rebuilding \(unit.images.map(\.path).joined(separator: ", "))"))
            try await initramfs.rebuild(unit, before: looks)
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        if let why = nothingToDo(context) { return [why] }
        guard let initramfs = initramfs(context) else { return [noTool(context)] }
        initramfs.removeLeftovers()
        for image in initramfs.images {
            let found = try await initramfs.contents(of: image).files(of: "nouveau")
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

    private func initramfs(_ context: StepContext) -> Initramfs? {
        Initramfs(context.guest, kernels: context.plan.recipe.kernels)
    }

    private func looks(at unit: Initramfs.Unit, _ initramfs: Initramfs) async throws -> [Initramfs.Look] {
        var looks: [Initramfs.Look] = []
        for image in unit.images { looks.append(try await initramfs.look(at: image)) }
        return looks
    }

    private func nothingToDo(_ context: StepContext) -> String? {
        if KernelModules(context.guest).files(of: "nouveau").isEmpty {
            return "no installed kernel has a nouveau module"
        }
        guard let initramfs = initramfs(context) else { return nil }
        return initramfs.images.isEmpty ? "no kernel boots with an initramfs" : nil
    }

    private func noTool(_ context: StepContext) -> String {
        context.root.exists("/sbin/mkinitrd")
            ? "mkinitrd without dracut: images are left as they are" : "no initramfs tool is installed"
    }

    private func evidence(_ initramfs: Initramfs) -> [String] {
        initramfs.images.map { "\($0.path) has no nouveau.ko" }
            + initramfs.rescueImages.map { "\($0) is a rescue image: left as it is" }
    }
}
