import BootConfiguration
import Contract

/// One thing done to a boot loader's settings. Told before it is done, and done as it was told.
public enum BootLoaderChange: Sendable {
    /// A file of settings or an entry gets this text.
    case write(path: String, text: String)
    /// A file goes.
    case remove(path: String)
    /// A program changes files.
    case run(Command, changing: [String])

    /// The files that it changes.
    public var paths: [String] {
        switch self {
        case .write(let path, _), .remove(let path): [path]
        case .run(_, let changing): changing
        }
    }
}

extension BootLoader {
    /// Read by update-grub (Debian's and Ubuntu's alone) after all other fragments.
    static let fragment = "/etc/default/grub.d/zz-gpu-guest-agent.cfg"

    /// What puts `parameters` on the kernel command line of the next boots; empty where nothing is to be changed.
    public func changes(adding parameters: [String]) -> [BootLoaderChange] {
        switch kind {
        case .grub(let configuration):
            guard !missing(parameters).isEmpty else { return [] }
            return rewriting(GrubDefaults.path) { GrubDefaults.adding(parameters, to: $0) } + [
                generating(configuration)
            ]
        case .grubWithEntries:
            // grubby on EL rewrites /etc/default/grub, too, and drops comments: the text computed before has the last word.
            return entryChanges(Self.grubby(guest.root)) { entry in
                KernelParameters.missing(parameters, in: entry.arguments).isEmpty
                    ? [] : ["--args=" + merged(parameters, entry)]
            } edit: {
                $0.adding(parameters)
            }
                + settings {
                    GrubDefaults.adding(parameters, to: $0)
                } line: {
                    KernelParameters.adding(parameters, to: $0)
                }
        case .entries:
            return entryChanges(false) { _ in
                []
            } edit: {
                $0.adding(parameters)
            }
                + settings {
                    $0
                } line: {
                    KernelParameters.adding(parameters, to: $0)
                }
        case .leftAlone:
            return settings {
                $0
            } line: {
                KernelParameters.adding(parameters, to: $0)
            }
        }
    }

    /// The inverse: what takes `parameters` out again, and only them.
    public func changes(removing parameters: [String]) -> [BootLoaderChange] {
        let gone = { KernelParameters.removing(parameters, from: $0) }
        let defaults = { GrubDefaults.removing(parameters, from: $0) }
        switch kind {
        case .grub(let configuration):
            var changes = rewriting(GrubDefaults.path, defaults)
            if guest.root.exists(Self.fragment) { changes.append(.remove(path: Self.fragment)) }
            let passed = entries.contains { KernelParameters.missing(parameters, in: $0.arguments) != parameters }
            return changes.isEmpty && !passed ? [] : changes + [generating(configuration)]
        case .grubWithEntries:
            return entryChanges(Self.grubby(guest.root)) { entry in
                let kept = gone(entry.arguments.joined(separator: " ")).words
                guard kept != entry.arguments else { return [] }
                // A list that keeps other values is set to them, since --remove-args takes whole words.
                let keys = Set(kept.map { $0.prefix { $0 != "=" } })
                let lost = entry.arguments.filter { !kept.contains($0) }
                let shrunk = kept.filter { !entry.arguments.contains($0) }
                let words = lost.filter { word in
                    !(shrunk.contains { $0.prefix { $0 != "=" } == word.prefix { $0 != "=" } }
                        && keys.contains(word.prefix { $0 != "=" }))
                }
                return (words.isEmpty ? [] : ["--remove-args=" + words.joined(separator: " ")])
                    + (shrunk.isEmpty ? [] : ["--args=" + shrunk.joined(separator: " ")])
            } edit: {
                $0.removing(parameters)
            } + settings(defaults, line: gone)
        case .entries:
            return entryChanges(false) { _ in
                []
            } edit: {
                $0.removing(parameters)
            } + settings({ $0 }, line: gone)
        case .leftAlone:
            return settings({ $0 }, line: gone)
        }
    }

    /// What makes the generated configuration anew; nil where none is generated.
    public var regeneration: Command? {
        guard case .grub(let configuration) = kind, case .run(let command, _) = generating(configuration) else {
            return nil
        }
        return command
    }

    // MARK: - Pieces

    private func rewriting(_ path: String, _ edit: (String) -> String) -> [BootLoaderChange] {
        guard let old = guest.root.textIfReadable(path) else { return [] }
        let new = edit(old)
        return new == old ? [] : [.write(path: path, text: new)]
    }

    /// What kernels of the future get. Left alone where only the running kernel is asked for.
    private func settings(_ defaults: (String) -> String, line: (String) -> String) -> [BootLoaderChange] {
        guard kernels == .all else { return [] }
        return rewriting(GrubDefaults.path, defaults)
            + rewriting(CommandLineFile.path) { CommandLineFile.editing($0, line) }
    }

    /// Entries changed by grubby, in one call where all get the same, or as the plain files they are.
    private func entryChanges(
        _ grubby: Bool, arguments: (BootEntry) -> [String], edit: (EntryFile) -> String
    ) -> [BootLoaderChange] {
        let entries = entries
        guard grubby else {
            return entries.flatMap { entry in rewriting(entry.source) { edit(EntryFile($0)) } }
        }
        let wanted = entries.map { ($0, arguments($0)) }
        let needy = wanted.filter { !$0.1.isEmpty }
        guard let first = needy.first else { return [] }
        let touched =
            allEntries.map(\.source) + [environment, GrubDefaults.path, CommandLineFile.path].compactMap { $0 }
        let changing = touched.filter { guest.root.exists($0) }
        let run = { (kernel: String, words: [String]) in
            BootLoaderChange.run(
                Command(["grubby", "--update-kernel=\(kernel)"] + words, deadline: .seconds(300), mergesErrors: true),
                changing: changing)
        }
        // Whoever needs nothing may have lists of its own, which ALL would replace.
        if kernels == .all && wanted.allSatisfy({ $0.1 == first.1 }) { return [run("ALL", first.1)] }
        return needy.map { entry, words in
            run("/boot/" + (entry.kernel.split(separator: "/").last ?? ""), words)
        }
    }

    /// The words of the three keys as `entry` should have them: grubby replaces a key's value whole.
    private func merged(_ parameters: [String], _ entry: BootEntry) -> String {
        let line = KernelParameters.adding(parameters, to: entry.arguments.joined(separator: " ")).words
        let keys = parameters.map { $0.prefix { $0 != "=" } }
        return keys.compactMap { key in line.last { $0.prefix { $0 != "=" } == key } }.joined(separator: " ")
    }

    private func generating(_ configuration: String) -> BootLoaderChange {
        .run(
            Command(
                hasUpdateGrub ? ["update-grub"] : [generator(configuration), "-o", configuration],
                deadline: .seconds(600), mergesErrors: true), changing: [configuration])
    }

    var hasUpdateGrub: Bool { guest.root.exists("/usr/sbin/update-grub") }

    /// grub2-mkconfig on EL and SUSE; both name it as they name the folder in /boot.
    private func generator(_ configuration: String) -> String {
        for name in ["grub2-mkconfig", "grub-mkconfig"] {
            if ["/usr/sbin/", "/usr/bin/", "/sbin/"].contains(where: { guest.root.exists($0 + name) }) { return name }
        }
        return configuration.hasPrefix("/boot/grub/") ? "grub-mkconfig" : "grub2-mkconfig"
    }
}
