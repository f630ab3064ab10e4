import Contract
import Guest

/// Takes out the CUDA toolkits that this agent installed: NVIDIA's uninstaller, then what we wrote beside it.
struct UndoToolkits: Step {
    let id = StepID.undoToolkits
    let title = "take the CUDA toolkits out"

    private static let nothing = "no CUDA toolkit of this agent is installed"

    func check(_ context: StepContext) async throws -> CheckResult {
        let toolkits = pending(context.root)
        let torn = Self.torn(context.root)
        guard toolkits.isEmpty, torn.isEmpty else {
            let found = toolkits.map { "CUDA \($0.version) is at \($0.path)" } + torn.map { "\($0.path) is incomplete" }
            return .needed(found.joined(separator: "; "))
        }
        return .satisfied(evidence(context.root))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        pending(context.root).flatMap { toolkit -> [DryRun.Action] in
            let uninstaller = toolkit.uninstaller(context.root).map { DryRun.Action.run($0.line) }
            return [uninstaller ?? .note("\(toolkit.path) has no uninstaller: what is not ours stays")]
                + toolkit.written(context.root).map { .remove(path: $0) }
        } + Self.torn(context.root).map { .remove(path: $0.path + "/") }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let root = context.root
        // An installation that was cut short, into a folder that was not there before.
        for torn in Self.torn(root) {
            try root.removeTree(torn.path)
            root.sync()
            try root.remove(torn.marker)
        }
        for toolkit in pending(root) {
            if let command = toolkit.uninstaller(root) {
                context.emit(.progress(id, message: "removing CUDA \(toolkit.version) from \(toolkit.path)"))
                let result = try await context.run(command, keeping: "cuda-uninstaller", id)
                guard result.succeeded else {
                    throw Failure.command(
                        command, result, code: .undo, operation: title,
                        remedy: "Make `\(command.line)` work in the guest, and run undo again.")
                }
            }
            for path in toolkit.written(root) {
                // A link to a folder is no folder.
                if root.linkTarget(path) != nil || (!root.removeEmptyDirectory(path) && !root.isDirectory(path)) {
                    try root.remove(path)
                }
            }
            root.removeEmptyDirectory(toolkit.path)
            root.sync()
            try root.remove(toolkit.manifest)
            var undone = toolkit
            undone.undone = true
            try root.move(toolkit.stamp, to: undone.stamp)
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        evidence(context.root)
    }

    private func pending(_ root: SystemRoot) -> [InstalledToolkit] {
        InstalledToolkit.all(root).filter { !$0.undone }
    }

    /// Folders that an interrupted installation of ours made, with the marker that says so.
    private static func torn(_ root: SystemRoot) -> [(path: String, marker: String)] {
        root.list(StateFolder.path).filter {
            $0.hasPrefix(StepID.cudaToolkit.rawValue) && $0.hasSuffix(".incomplete")
        }.compactMap { name in
            let marker = "\(StateFolder.path)/\(name)"
            let path = root.attribute(marker) ?? ""
            return path.hasPrefix("/") && path.split(separator: "/").count >= 2 ? (path, marker) : nil
        }
    }

    private func evidence(_ root: SystemRoot) -> [String] {
        let undone = InstalledToolkit.all(root).filter(\.undone)
        guard !undone.isEmpty else { return [Self.nothing] }
        return undone.flatMap { toolkit -> [String] in
            let left = Self.files(below: toolkit.path, root)
            let taken = "CUDA \(toolkit.version) was taken out of \(toolkit.path)"
            guard !left.isEmpty || root.isDirectory(toolkit.path) else { return [taken] }
            let more = left.count > 8 ? " and \(left.count - 8) more" : ""
            return [
                taken,
                Remains.line(
                    "\(toolkit.path), with what neither its installer nor this agent wrote: \(left.prefix(8).joined(separator: ", "))\(more)"
                ),
            ]
        }
    }

    private static func files(below path: String, _ root: SystemRoot) -> [String] {
        root.list(path).flatMap { name -> [String] in
            let path = "\(path)/\(name)"
            guard root.linkTarget(path) == nil, root.isDirectory(path) else { return [path] }
            let below = files(below: path, root)
            return below.isEmpty ? [path + "/"] : below
        }
    }
}
