import Contract
import Guest

/// Puts the initramfs images back: the copy beside, where the image is still the one that we had made; otherwise a new one,
/// now that nothing of ours keeps nouveau out.
struct UndoInitramfs: Step {
    let id = StepID.undoInitramfs
    let title = "put the initramfs back"

    private static let ending = ".before-gpu"

    /// Whether a change is that of an image, whose original is kept beside it.
    static func isImage(_ change: Change) -> Bool { change.kept?.hasSuffix(ending) == true }

    func check(_ context: StepContext) async throws -> CheckResult {
        let images = try images(context)
        guard images.isEmpty else { return .needed("the original of \(images.joined(separator: ", ")) is kept") }
        return .satisfied(try evidence(context))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        try images(context).flatMap { image -> [DryRun.Action] in
            let action: DryRun.Action =
                try isOurs(image, context)
                ? .note("put \(image) back, from \(image)\(Self.ending)")
                : rebuild(image, context).map { .run($0.command.line) } ?? .note("\(image) is gone")
            return [action, .remove(path: image + Self.ending)]
        }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        for image in try images(context) {
            if try isOurs(image, context) {
                try context.changes.restore(image)
            } else if let unit = rebuild(image, context) {
                context.emit(.progress(id, message: "rebuilding \(image)"))
                let command = unit.command
                let result = try await context.run(command)
                guard result.succeeded, unit.isMade(context.root) else {
                    throw Failure.command(
                        command, result, code: .initramfs, operation: title,
                        remedy:
                            "Make `\(command.line)` work in the guest; \(image)\(Self.ending) is the image of before.")
                }
                try unit.replaceImages(context.root)
                try context.changes.settle(image, .withoutOurs)
            } else {
                try context.changes.settle(image, .left("its kernel is gone"))
            }
            try context.root.remove(image + Self.ending)
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        try evidence(context)
    }

    /// Images with an original beside them, or a record of one.
    private func images(_ context: StepContext) throws -> [String] {
        let kept = context.root.list("/boot").filter { $0.hasSuffix(Self.ending) }
            .map { "/boot/" + $0.dropLast(Self.ending.count) }
        let recorded = try context.changes.read().files.filter { $0.outcome == nil && Self.isImage($0) }.map(\.path)
        return Set(kept + recorded).sorted()
    }

    /// Whether the copy beside belongs in the image's place.
    private func isOurs(_ image: String, _ context: StepContext) throws -> Bool {
        let changes = try context.changes.read()
        // Put back already, and the copy beside not yet removed.
        if changes.files.contains(where: { $0.path == image && $0.outcome == .restored }) { return true }
        return try changes.pending(image).map { try context.changes.restoration(of: $0) == .restored } ?? false
    }

    private func rebuild(_ image: String, _ context: StepContext) -> Initramfs.Unit? {
        Initramfs(context.guest)?.units.first { unit in unit.images.contains { $0.path == image } }
    }

    private func evidence(_ context: StepContext) throws -> [String] {
        let images = try context.changes.read().files.filter(Self.isImage)
        guard !images.isEmpty else { return ["no initramfs was changed"] }
        return images.map { change in
            switch change.outcome {
            case .restored?: "\(change.path) is as it was"
            case .withoutOurs?: "\(change.path) was made anew"
            case .left(let why)?: "\(change.path): \(why)"
            case nil: "\(change.path) is to be put back"
            }
        }
    }
}
