import BootConfiguration
import Contract
import Guest
import SystemPackage

/// Puts the guest's own files back as they were, as far as nobody changed them since, and has caches and the boot loader's
/// configuration made anew where they were made of these files.
struct UndoFiles: Step {
    let id = StepID.undoFiles
    let title = "put files and boot arguments back"

    private static let defaults = "/etc/default/grub"

    /// What is made of other files by a program, and by which.
    enum Cache: String {
        case loader = "/etc/ld.so.cache"
        case bootLoader = "grub.cfg"

        init?(_ path: String) {
            if path == Self.loader.rawValue {
                self = .loader
            } else if path.hasPrefix("/boot/"), path.hasSuffix("/grub.cfg") {
                self = .bootLoader
            } else {
                return nil
            }
        }
    }

    func check(_ context: StepContext) async throws -> CheckResult {
        let pending = try Self.pending(context)
        let empty = try context.changes.read().directories.filter {
            context.root.isDirectory($0) && context.root.list($0).isEmpty
        }
        guard !pending.isEmpty else {
            return empty.isEmpty
                ? .satisfied(try evidence(context)) : .needed("folders are empty: \(empty.joined(separator: ", "))")
        }
        return .needed("\(pending.count) files were changed: \(pending.prefix(4).map(\.path).joined(separator: ", "))")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        var actions: [DryRun.Action] = []
        var remakes = false
        let pending = try Self.pending(context)
        let entries = try Self.changedEntries(pending, context)
        for path in entries {
            actions.append(.note("take \(BlacklistNouveau.parameters.joined(separator: " ")) out of \(path)"))
        }
        for change in pending where !entries.contains(change.path) {
            let outcome = try context.changes.restoration(of: change)
            switch (Cache(change.path), outcome, change.original) {
            case (.bootLoader?, .restored, _) where !remakes, (nil, .restored, _):
                actions.append(
                    change.original == .absent
                        ? .remove(path: change.path)
                        : .note("put \(change.path) back as it was\(change.kept.map { ", from \($0)" } ?? "")"))
            case (.bootLoader?, _, _):
                if let command = BootLoader(context.guest).regeneration { actions.append(.run(command.line)) }
            case (.loader?, _, _): break
            case (nil, .left(let why), _):
                if change.path == Self.defaults, let text = Self.withoutOurs(context) {
                    remakes = true
                    actions.append(.write(path: change.path, text: text))
                } else {
                    actions.append(.note("leave \(change.path): \(why)"))
                }
            case (nil, .withoutOurs, _): break
            }
        }
        if pending.contains(where: Self.isSystemd) { actions.append(.run(Self.reload.line)) }
        return actions + [.run(Self.ldconfig.line)]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let changes = context.changes
        let pending = try Self.pending(context)
        try await takeArgumentsOut(pending, context)
        for change in try Self.pending(context) where Cache(change.path) == nil {
            if change.path == Self.defaults, case .left = try changes.restoration(of: change),
                let text = Self.withoutOurs(context)
            {
                try context.root.write(text, to: change.path)
                try changes.settle(change.path, .withoutOurs)
            } else {
                try changes.restore(change.path)
            }
        }
        if context.root.isDirectory("/etc/selinux") {
            let restored = pending.map(\.path).filter { context.root.exists($0) }
            if !restored.isEmpty { _ = try await context.run(Command(["restorecon"] + restored)) }
        }
        // Made of the files above: after them.
        for change in pending {
            if Cache(change.path) == .bootLoader { try await putBack(configuration: change, context) }
        }
        // Services keep the PATH of a drop-in until systemd reads it again; an old one does so at boot only.
        if pending.contains(where: Self.isSystemd) { _ = try await context.run(Self.reload) }
        let result = try await context.run(Self.ldconfig)
        guard result.succeeded else {
            throw Failure.command(
                Self.ldconfig, result, code: .undo, operation: title, remedy: "Make ldconfig work in the guest.")
        }
        // On disk before the ledger says so: it is synced, and what a program writes is not.
        context.root.sync()
        for change in pending where Cache(change.path) == .loader { try changes.settle(change.path, .withoutOurs) }
        try changes.removeDirectories()
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let pending = try Self.pending(context)
        guard pending.isEmpty else {
            throw Failure.guest(
                .undo, title, "Some files were not put back.", evidence: pending.map(\.path), remedy: "Run undo again.")
        }
        return try evidence(context)
    }

    /// Boot entries that somebody changed since keep what he wrote, and lose our arguments.
    private func takeArgumentsOut(_ pending: [Change], _ context: StepContext) async throws {
        let changed = try Self.changedEntries(pending, context)
        guard !changed.isEmpty else { return }
        try await BootLoader(context.guest).remove(BlacklistNouveau.parameters)
        context.root.sync()
        for path in changed { try context.changes.settle(path, .withoutOurs) }
    }

    /// Of `pending`, the boot loader's files that are not as we left them; its defaults and what is generated have ways of
    /// their own.
    private static func changedEntries(_ pending: [Change], _ context: StepContext) throws -> [String] {
        let ours = Set(BootLoader(context.guest).changes(removing: BlacklistNouveau.parameters).flatMap(\.paths))
        return try pending.filter { change in
            guard change.path != defaults, Cache(change.path) == nil, ours.contains(change.path),
                case .left = try context.changes.restoration(of: change)
            else { return false }
            return true
        }.map(\.path)
    }

    /// As it was, where its sources are as they were and nobody made it anew since (a kernel's installation does);
    /// otherwise made anew.
    private func putBack(configuration change: Change, _ context: StepContext) async throws {
        let changes = context.changes
        let sourcesAreBack = try changes.read().files.first { $0.path == Self.defaults }.map { $0.outcome == .restored }
        if sourcesAreBack ?? true, try changes.restoration(of: change) == .restored {
            try changes.restore(change.path)
            return
        }
        guard context.root.exists(change.path), let command = BootLoader(context.guest).regeneration else {
            return try changes.settle(change.path, .left("nothing makes it in this guest"))
        }
        let result = try await context.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, code: .undo, operation: title,
                remedy: "Make `\(command.line)` work in the guest, and run undo again.")
        }
        context.root.sync()
        try changes.settle(change.path, .withoutOurs)
    }

    /// /etc/default/grub as somebody made it since, without our parameters; nil where that is no text.
    private static func withoutOurs(_ context: StepContext) -> String? {
        context.root.textIfReadable(defaults).map { GrubDefaults.removing(BlacklistNouveau.parameters, from: $0) }
    }

    /// Changed files that are to be put back here: all but the initramfs images.
    private static func pending(_ context: StepContext) throws -> [Change] {
        try context.changes.read().files.filter { $0.outcome == nil && !UndoInitramfs.isImage($0) }
    }

    private func evidence(_ context: StepContext) throws -> [String] {
        let changes = try context.changes.read()
        let files = changes.files.filter { !UndoInitramfs.isImage($0) }
        var evidence = files.map { change -> String in
            switch (change.outcome, change.original) {
            case (.restored?, .absent): "\(change.path) was removed"
            case (.restored?, _): "\(change.path) is as it was"
            case (.withoutOurs?, _) where Cache(change.path) == nil:
                "\(change.path) has nothing of ours; what somebody changed since is kept"
            case (.withoutOurs?, _): "\(change.path) was made anew"
            case (.left(let why)?, _): Remains.line("\(change.path): \(why)")
            case (nil, _): "\(change.path) is to be put back"
            }
        }
        evidence += changes.directories.filter { context.root.isDirectory($0) }.map {
            Remains.line("\($0)/, which holds what somebody put there")
        }
        return evidence.isEmpty ? ["no file of the guest was changed"] : evidence
    }

    private static func isSystemd(_ change: Change) -> Bool { change.path.hasPrefix("/etc/systemd/") }

    private static let ldconfig = Command(["ldconfig"], deadline: .seconds(120))
    private static let reload = Command(["systemctl", "daemon-reload"], deadline: .seconds(120))
}
