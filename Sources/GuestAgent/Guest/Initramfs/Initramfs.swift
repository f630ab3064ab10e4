public import Contract

/// The images that the installed kernels boot with.
public struct Initramfs: Sendable {
    /// One image.
    public struct Image: Equatable, Sendable {
        public var path: String
        public var kernel: String

        /// The image as it was before this agent first rebuilt it.
        public var backup: String { path + ".before-gpu" }
        /// The image as it was before this attempt, where ``backup`` is an earlier one's.
        var previous: String { path + ".gpu-guest-agent-old" }
        /// Where dracut makes its successor.
        var successor: String { path + ".gpu-guest-agent-new" }
    }

    /// Images that one command makes.
    public struct Unit: Sendable {
        public var images: [Image]
        public var command: Command
        /// The command makes each image beside the old one; the others replace it themselves.
        var makesSuccessors: Bool

        /// Where the command leaves an image.
        func made(_ image: Image) -> String { makesSuccessors ? image.successor : image.path }

        /// Whether the command left no image empty.
        public func isMade(_ root: SystemRoot) -> Bool { images.allSatisfy { (root.size(made($0)) ?? 0) > 0 } }

        /// Puts what the command made in the old images' places. On disk first: a power cut must find the old image or the
        /// new one.
        public func replaceImages(_ root: SystemRoot) throws {
            root.sync()
            guard makesSuccessors else { return }
            for image in images { try root.move(image.successor, to: image.path) }
        }
    }

    let guest: Guest
    let kernels: Recipe.Kernels
    /// What makes them.
    public let tool: InitramfsTool

    /// The images of `guest`, of all kernels or of the running one; nil where it has no known tool.
    public init?(_ guest: Guest, kernels: Recipe.Kernels = .all) {
        guard let tool = InitramfsTool.of(guest.root) else { return nil }
        self.guest = guest
        self.kernels = kernels
        self.tool = tool
    }

    /// The images of each kernel that has any, the running kernel's first. Rescue images (EL's `initramfs-0-rescue-…`) belong
    /// to no installed kernel and stay as they are: they are what a broken guest is booted with.
    public var units: [Unit] {
        installedKernels.flatMap { kernel in
            let base = BootLoader.packageBase(of: kernel, guest.root)
            let preset =
                tool == .mkinitcpio ? base.flatMap { guest.root.exists(Mkinitcpio.preset($0)) ? $0 : nil } : nil
            let images = paths(kernel, base: base, preset: preset).map { Image(path: $0, kernel: kernel) }
            guard !images.isEmpty else { return [Unit]() }
            // dracut makes one image at a time, the others all of a kernel's.
            return (tool == .dracut ? images.map { [$0] } : [images]).map { images in
                Unit(
                    images: images,
                    command: Command(
                        tool.command(kernel, images: images, preset: preset), deadline: .seconds(1800),
                        mergesErrors: true),
                    makesSuccessors: tool == .dracut)
            }
        }
    }

    /// All images of ``units``.
    public var images: [Image] { units.flatMap(\.images) }

    /// Images in /boot that are left alone on purpose.
    public var rescueImages: [String] {
        guest.root.list("/boot").filter { $0.hasPrefix("initramfs-0-rescue-") && $0.hasSuffix(".img") }.map {
            "/boot/" + $0
        }
    }

    private var installedKernels: [String] {
        let root = guest.root
        let all = root.list(root.isDirectory("/lib/modules") ? "/lib/modules" : "/usr/lib/modules")
        guard kernels == .all else { return all.filter { $0 == guest.kernel } }
        return all.sorted { ($0 == guest.kernel ? 0 : 1, $0) < ($1 == guest.kernel ? 0 : 1, $1) }
    }

    /// What a boot entry of the kernel names; else what the tool's distributions call it.
    private func paths(_ kernel: String, base: String?, preset: String?) -> [String] {
        let root = guest.root
        if let preset, let text = root.textIfReadable(Mkinitcpio.preset(preset)) {
            let images = Mkinitcpio.images(preset: text).filter { root.exists($0) }
            if !images.isEmpty { return images }
        }
        let plain = ["/boot/initrd.img-\(kernel)", "/boot/initramfs-\(kernel).img", "/boot/initrd-\(kernel)"]
        let named = BootLoader(guest).initrds(of: kernel).filter { root.exists($0) }
        let (fallbacks, others) = (named.filter { Self.isFallback($0) }, named.filter { !Self.isFallback($0) })
        if let image = others.first(where: { plain.contains($0) }) ?? others.first ?? fallbacks.first {
            // Other tools make theirs with the first; what else an entry names may be no whole image.
            return [image] + (tool == .dracut ? fallbacks.filter { $0 != image } : [])
        }
        let tokens = ["/boot", "/efi", "/boot/efi"].flatMap { folder in
            // kernel-install: /boot/<machine-id or token>/<release>/initrd
            root.list(folder).map { "\(folder)/\($0)/\(kernel)/initrd" }
        }
        let candidates = plain + tokens + (base.map { ["/boot/initramfs-\($0).img"] } ?? [])
        return candidates.first { root.exists($0) }.map { [$0] } ?? []
    }

    /// An image with the drivers of any machine, beside the one for this machine.
    static func isFallback(_ path: String) -> Bool {
        path.split(separator: "/").last.map { $0.contains("fallback") } ?? false
    }

    // MARK: - Looking

    func listing(_ path: String) -> Command {
        // The listing of a full image is over 256 KiB; a module may be anywhere in it.
        Command([tool.lister, path], deadline: .seconds(600), outputLimit: 8 << 20)
    }

    /// What is in `image`. Throws ``FailureCode/initramfs`` where it cannot be listed.
    public func contents(of image: Image) async throws -> ImageContents {
        let command = listing(image.path)
        let result = try await guest.runner.run(command)
        guard result.succeeded, !result.output.isEmpty else {
            throw Failure.command(
                command, result, code: .initramfs, operation: "list the initramfs",
                remedy: result.ending == .notFound
                    ? "Install \(tool.lister) in the image (it comes with \(tool.rawValue)): without it nobody can tell what an initramfs has inside."
                    : "Make \(command.line) work in the image.")
        }
        return ImageContents(listing: result.output)
    }

    /// An image that was looked at.
    public enum Look: Sendable {
        case usable(ImageContents)
        /// An earlier attempt left it unfinished: it cannot be used, and its copy is there.
        case torn

        /// Whether it must be made anew to be rid of `module`.
        public func needsRebuild(without module: String) -> Bool {
            if case .usable(let contents) = self { !contents.files(of: module).isEmpty } else { true }
        }
    }

    /// Looks at an image. Throws ``FailureCode/initramfs`` where it cannot be listed and no attempt of ours is the reason.
    public func look(at image: Image) async throws -> Look {
        guard guest.root.exists(image.backup) else { return .usable(try await contents(of: image)) }
        let seen = try await seen(image.path)
        let check = ImageCheck(after: seen, rootModules: [], path: image.path, named: [])
        guard check.problems.isEmpty, let contents = seen.contents else { return .torn }
        return .usable(contents)
    }

    private func seen(_ path: String) async throws -> ImageCheck.Seen {
        let result = try await guest.runner.run(listing(path))
        return ImageCheck.Seen(
            size: guest.root.size(path) ?? 0, head: (try? guest.root.bytes(path, limit: 8)) ?? [],
            contents: result.succeeded && !result.output.isEmpty ? ImageContents(listing: result.output) : nil)
    }

    // MARK: - Rebuilding

    /// Makes the images of `unit` anew (`looks`: what they were like), each with a copy of the old one beside it. Where
    /// that fails, or yields an image that the guest could not boot with, the old ones come back. Throws
    /// ``FailureCode/initramfs`` or ``FailureCode/guestSpace``.
    public func rebuild(_ unit: Unit, before looks: [Look]) async throws {
        let rootModules = RootModules(guest.root).names
        var before: [ImageCheck.Seen] = []
        var copies: [String] = []
        defer {
            for (image, copy) in zip(unit.images, copies) where copy != image.backup { try? guest.root.remove(copy) }
        }
        for image in unit.images where unit.makesSuccessors { try guest.root.remove(image.successor) }
        try checkSpace(unit)
        for (image, look) in zip(unit.images, looks) {
            switch look {
            case .usable(let contents):
                before.append(ImageCheck.Seen(size: guest.root.size(image.path) ?? 0, head: [], contents: contents))
                copies.append(try backUp(image))
            case .torn:
                before.append(try await seen(image.backup))
                copies.append(image.backup)
            }
        }
        // The copies beside are what an undo goes back to: the ledger keeps none of its own.
        for image in unit.images { try guest.changes.willChange(image.path, backup: image.backup) }
        let result = try await guest.runner.run(unit.command)
        var failure: Failure?
        if result.succeeded {
            // An entry names one of a kernel's images, not each (Arch's fallback).
            let named = unit.images.first.map { BootLoader(guest).initrds(of: $0.kernel) } ?? []
            let namesOne = unit.images.contains { named.contains($0.path) }
            for (image, old) in zip(unit.images, before) where failure == nil {
                let check = ImageCheck(
                    before: old, after: try await seen(unit.made(image)), rootModules: rootModules, path: image.path,
                    named: namesOne ? [] : named)
                let problems = check.problems
                guard !problems.isEmpty else { continue }
                failure = .guest(
                    .initramfs, "rebuild the initramfs",
                    "\(image.path) could not be booted with after it was rebuilt: \(problems[0]).",
                    evidence: problems + result.output.lines.lastLines(15),
                    remedy: "Make `\(unit.command.line)` work in the image; the old initramfs is in place again.")
            }
        } else {
            failure = .command(
                unit.command, result, code: .initramfs, operation: "rebuild the initramfs",
                remedy: "Make `\(unit.command.line)` work in the image; the old initramfs is in place again.")
        }
        if failure == nil {
            do {
                try unit.replaceImages(guest.root)
            } catch {
                failure = .guest(
                    .initramfs, "rebuild the initramfs",
                    "\(unit.images[0].path) could not be replaced: \(describe(error)).",
                    remedy: "Look at the file system of \(unit.images[0].path).")
            }
        }
        if failure != nil {
            for (image, (copy, look)) in zip(unit.images, zip(copies, looks)) {
                if unit.makesSuccessors {
                    try? guest.root.remove(image.successor)
                    // It was not touched, and a full /boot has no room to write it again.
                    if case .usable = look { continue }
                }
                if let problem = restore(image, from: copy) { failure?.cleanup.append(problem) }
            }
        }
        for image in unit.images { try guest.changes.didChange(image.path) }
        if let failure { throw failure }
    }

    /// The copies, and the new images, which are written before the old ones go, on the file system that they are on.
    private func checkSpace(_ unit: Unit) throws {
        let folders = Set(unit.images.map { String($0.path[..<($0.path.lastIndex(of: "/") ?? $0.path.startIndex)]) })
        for folder in folders.sorted() {
            let images = unit.images.filter { $0.path.hasPrefix(folder + "/") }
            let size = images.reduce(0) { $0 + (guest.root.size($1.path) ?? 0) }
            let free = try guest.root.freeBytes(at: folder)
            let needed = 2 * size + (4 << 20)
            guard free >= needed else {
                throw Failure.guest(
                    .guestSpace, "back up the initramfs",
                    "\(folder) has \(free >> 20) MiB free; the initramfs, \(size >> 20) MiB, needs \(needed >> 20) MiB for its copy and its successor.",
                    remedy: "Remove old kernels from the image, or enlarge \(folder).")
            }
        }
    }

    /// Copies the image, and returns the copy: what a failed attempt goes back to is what was there before it. The first
    /// copy of all stays.
    private func backUp(_ image: Image) throws -> String {
        let copy = guest.root.exists(image.backup) ? image.previous : image.backup
        do {
            try guest.root.copy(image.path, to: copy)
        } catch {
            throw Failure.guest(
                .initramfs, "back up the initramfs", "\(copy) could not be written: \(describe(error)).",
                remedy: "Look at the file system of \(copy).")
        }
        return copy
    }

    /// Nil where the old image is back, otherwise what went wrong. Without a program: none is run once the agent was told
    /// to stop, which may be why the attempt failed.
    private func restore(_ image: Image, from copy: String) -> String? {
        do {
            try guest.root.copy(copy, to: image.path)
            return nil
        } catch {
            return "the initramfs could not be restored from \(copy): \(describe(error))"
        }
    }

    /// Removes copies and half-made images that an interrupted attempt left.
    public func removeLeftovers() {
        for image in images {
            for path in [image.previous, image.successor] { try? guest.root.remove(path) }
        }
    }
}
