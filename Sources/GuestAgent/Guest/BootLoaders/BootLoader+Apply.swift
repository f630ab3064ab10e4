import BootConfiguration
import Contract

extension BootLoader {
    /// Puts `parameters` on the kernel command line of the next boots. Where a program fails, or its work boots no kernel,
    /// each file is put back as it was. Throws ``FailureCode/bootLoader``.
    public func add(_ parameters: [String]) async throws {
        try await apply(operation: "put the blacklist on the kernel command line") { restore in
            try await perform(changes(adding: parameters), &restore)
            // A fragment that sets the variable anew hides what stands in the file.
            guard case .grub(let configuration) = kind, hasUpdateGrub, hasFragments, !missing(parameters).isEmpty
            else { return }
            let text = """
                # Written by gpu-guest-agent: a fragment before this one sets the variable anew.
                GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX \(parameters.joined(separator: " "))"

                """
            let command = Command(["update-grub"], deadline: .seconds(600), mergesErrors: true)
            try await perform(
                [.write(path: Self.fragment, text: text), .run(command, changing: [configuration])], &restore)
        }
    }

    /// Takes `parameters` off the kernel command line of the next boots, and nothing else: for files that somebody changed
    /// after ``add(_:)``. Throws ``FailureCode/bootLoader``.
    public func remove(_ parameters: [String]) async throws {
        try await apply(operation: "take the blacklist off the kernel command line") { restore in
            try await perform(changes(removing: parameters), &restore)
        }
    }

    /// What `grubby --info=ALL` says of `parameters`, in words; nil where grubby is not what changes the entries.
    public func grubbySays(_ parameters: [String]) async throws -> String? {
        guard case .grubWithEntries = kind, Self.grubby(guest.root) else { return nil }
        let command = Command(["grubby", "--info=ALL"])
        let result = try await guest.runner.run(command)
        // args="ro crashkernel=auto"
        let all = result.output.lines.filter { $0.hasPrefix("args=") }.map { line in
            line.dropFirst(5).filter { $0 != "\"" }.words
        }
        let complete = all.count { KernelParameters.missing(parameters, in: $0).isEmpty }
        return result.succeeded
            ? "grubby --info=ALL: \(complete) of \(all.count) entries pass \(parameters.joined(separator: " "))"
            : "grubby --info=ALL: \(result.endingDescription)"
    }

    private var hasFragments: Bool { guest.root.list("/etc/default/grub.d").contains { $0.hasSuffix(".cfg") } }

    private func apply(operation: String, _ body: (inout [(path: String, old: String?)]) async throws -> Void)
        async throws
    {
        var restore: [(path: String, old: String?)] = []
        do {
            try await body(&restore)
        } catch {
            var failure =
                (error as? Failure)
                ?? .guest(
                    .bootLoader, operation, "A file could not be written: \(describe(error)).",
                    remedy: "Look at /etc and /boot.")
            failure.operation = operation
            for (path, old) in restore.reversed() where guest.root.textIfReadable(path) != old {
                do {
                    if let old { try guest.changes.write(old, to: path) } else { try guest.changes.remove(path) }
                } catch {
                    failure.cleanup.append("\(path) could not be put back: \(describe(error))")
                }
            }
            throw failure
        }
    }

    private func perform(
        _ changes: [BootLoaderChange], _ restore: inout [(path: String, old: String?)]
    ) async throws {
        for change in changes {
            switch change {
            case .write(let path, let text):
                restore.append((path, guest.root.textIfReadable(path)))
                // grubby may have come to the same text.
                if guest.root.textIfReadable(path) != text { try guest.changes.write(text, to: path) }
            case .remove(let path):
                restore.append((path, guest.root.textIfReadable(path)))
                try guest.changes.remove(path)
            case .run(let command, let changing):
                restore += changing.map { ($0, guest.root.textIfReadable($0)) }
                let entries = allEntries.count
                for path in changing { try guest.changes.willChange(path) }
                let result = try await guest.runner.run(command)
                for path in changing { try guest.changes.didChange(path) }
                let name = command.arguments[0]
                guard result.succeeded else {
                    throw Failure.command(
                        command, result, code: .bootLoader, operation: "",
                        remedy: "Make \(name) work in the image; what boots it is as it was.")
                }
                guard allEntries.count > 0 || entries == 0 else {
                    throw Failure.guest(
                        .bootLoader, "", "`\(command.line)` left no entry that boots a kernel.",
                        evidence: result.output.lines.lastLines(20),
                        remedy: "Make \(name) work in the image; what boots it is as it was.")
                }
            }
        }
    }
}
