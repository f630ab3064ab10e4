import Contract

/// What makes the guest's initramfs.
public enum InitramfsTool: String, Sendable {
    case initramfsTools = "initramfs-tools"
    case dracut

    /// The tool of a machine. Debian's dracut brings an `update-initramfs` of its own, so `mkinitramfs` tells them apart.
    public static func of(_ root: SystemRoot) -> InitramfsTool? {
        if root.exists("/usr/sbin/mkinitramfs") { return .initramfsTools }
        return ["/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"].contains { root.exists($0) } ? .dracut : nil
    }

    /// The file that keeps nouveau out of every image made from now on, with its text and mode.
    ///
    /// initramfs-tools has no option to leave a module out: a hook whose name sorts last takes it away again.
    public var exclusion: (path: String, text: String, mode: UInt32) {
        switch self {
        case .initramfsTools:
            (
                "/etc/initramfs-tools/hooks/zz-gpu-guest-agent-no-nouveau",
                """
                #!/bin/sh
                # Written by gpu-guest-agent: nouveau must not take the GPU before the NVIDIA driver does.
                if [ "$1" = prereqs ]; then
                    exit 0
                fi
                find "$DESTDIR" -name 'nouveau.ko*' -exec rm -f {} +

                """, 0o755
            )
        case .dracut:
            (
                "/etc/dracut.conf.d/gpu-guest-agent-nouveau.conf",
                """
                # Written by gpu-guest-agent: nouveau must not take the GPU before the NVIDIA driver does.
                omit_drivers+=" nouveau "

                """, 0o644
            )
        }
    }

    package func rebuild(_ image: Initramfs.Image) -> Command {
        let arguments =
            switch self {
            case .initramfsTools: ["update-initramfs", "-u", "-k", image.kernel]
            case .dracut: ["dracut", "--force", image.path, image.kernel]
            }
        return Command(arguments, deadline: .seconds(1800), mergesErrors: true)
    }

    func listing(_ image: Initramfs.Image) -> Command {
        // The listing of a full image is over 256 KiB; a module may be anywhere in it.
        Command(
            [self == .initramfsTools ? "lsinitramfs" : "lsinitrd", image.path], deadline: .seconds(600),
            outputLimit: 8 << 20)
    }
}

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
    }

    private let guest: Guest
    /// What makes them.
    public let tool: InitramfsTool

    /// The images of `guest`; nil where it has no known tool.
    public init?(_ guest: Guest) {
        guard let tool = InitramfsTool.of(guest.root) else { return nil }
        self.guest = guest
        self.tool = tool
    }

    /// The image of each installed kernel that has one, the running kernel's first.
    public var images: [Image] {
        let kernels = guest.root.list("/lib/modules").sorted {
            ($0 == guest.kernel ? 0 : 1, $0) < ($1 == guest.kernel ? 0 : 1, $1)
        }
        return kernels.compactMap { kernel in
            ["/boot/initrd.img-\(kernel)", "/boot/initramfs-\(kernel).img", "/boot/initrd-\(kernel)"]
                .first { guest.root.exists($0) }.map { Image(path: $0, kernel: kernel) }
        }
    }

    /// Entries of `image` that are `module`; empty where it is not inside.
    public func occurrences(of module: String, in image: Image) async throws -> [String] {
        let command = tool.listing(image)
        let result = try await guest.runner.run(command)
        guard result.succeeded, !result.output.isEmpty else {
            throw Failure.command(
                command, result, code: .initramfs, operation: "list the initramfs",
                remedy: "Make \(command.line) work in the image.")
        }
        return result.output.lines.filter { line in
            // lsinitrd prints `ls -l` lines, lsinitramfs plain paths.
            let name = line.words.last?.split(separator: "/").last ?? ""
            return name == "\(module).ko" || name.hasPrefix("\(module).ko.")
        }
    }

    /// Makes `image` anew, with a copy of the old one beside it. Where that fails the old one comes back. Throws
    /// ``FailureCode/initramfs`` or ``FailureCode/guestSpace``.
    public func rebuild(_ image: Image) async throws {
        let copy = try backUp(image)
        defer { if copy != image.backup { try? guest.root.remove(copy) } }
        let command = tool.rebuild(image)
        try guest.changes.willChange(image.path, backup: image.backup)
        let result = try await guest.runner.run(command)
        try guest.changes.didChange(image.path)
        guard result.succeeded, (guest.root.size(image.path) ?? 0) > 0 else {
            var failure = Failure.command(
                command, result, code: .initramfs, operation: "rebuild the initramfs",
                remedy: "Make `\(command.line)` work in the image; the old initramfs is in place again.")
            if let problem = restore(image, from: copy) { failure.cleanup.append(problem) }
            throw failure
        }
    }

    /// Copies the image, and returns the copy: what a failed attempt goes back to is what was there before it. The first
    /// copy of all stays.
    private func backUp(_ image: Image) throws -> String {
        let size = guest.root.size(image.path) ?? 0
        let free = try guest.root.freeBytes(at: "/boot")
        // The copy, and the new image which is written before the old one goes.
        let needed = 2 * size + (4 << 20)
        guard free >= needed else {
            throw Failure.guest(
                .guestSpace, "back up the initramfs",
                "/boot has \(free >> 20) MiB free; the initramfs, \(size >> 20) MiB, needs \(needed >> 20) MiB for its copy and its successor.",
                remedy: "Remove old kernels from the image, or enlarge /boot.")
        }
        let copy = guest.root.exists(image.backup) ? image.previous : image.backup
        do {
            try guest.root.copy(image.path, to: copy)
        } catch {
            throw Failure.guest(
                .initramfs, "back up the initramfs", "\(copy) could not be written: \(describe(error)).",
                remedy: "Look at /boot.")
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
}
