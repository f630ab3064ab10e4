import Contract
import Foundation
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

/// Blacklisting nouveau and rebuilding the images on each tree of Fixtures/guests: what is run and what becomes of the
/// files, against a golden file. `UPDATE_GOLDEN=1 swift test` writes them anew.
@Suite struct BootTreesTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/guests").path
    static let names = SystemRoot(prefix: "/").list(folder).filter {
        SystemRoot(prefix: "/").isDirectory("\(folder)/\($0)")
    }

    @Test(arguments: names) func blacklistsAndRebuilds(_ name: String) async throws {
        let guest = try TreeGuest("\(Self.folder)/\(name)")
        let before = try guest.files()
        let context = guest.context
        var text = ""
        for step in [BlacklistNouveau(), RebuildInitramfs()] as [any Step] {
            #expect(needed(try await step.check(context)), "\(name): \(step.id)")
            let promised = try await step.preview(context).compactMap { action -> String? in
                if case .run(let line) = action { line } else { nil }
            }
            guest.forget()
            #expect(try await step.apply(context) == .applied)
            let changing = guest.ran.filter { !$0.hasPrefix("lsinit") }
            // The fragment that outdoes another is written only after a look at what update-grub made.
            #expect(changing.starts(with: promised), "\(name): the preview told \(promised), \(changing) was run")
            text += "# \(step.title)\n" + changing.map { "$ \($0)\n" }.joined()
            text += try await step.verify(context).map { "  \($0)\n" }.joined()
        }
        let after = try guest.files()
        for (path, new) in after.sorted(by: { $0.key < $1.key }) where before[path] != new {
            text += "\n--- \(path)\n" + Self.difference(before[path], new)
        }
        #expect(guest.warnings.isEmpty, "\(name): \(guest.warnings)")
        // Again: nothing is to do, and doing it changes nothing.
        for step in [BlacklistNouveau(), RebuildInitramfs()] as [any Step] {
            #expect(satisfied(try await step.check(context)), "\(name): \(step.id)")
            #expect(try await step.preview(context).allSatisfy { if case .note = $0 { true } else { false } })
            _ = try await step.apply(context)
        }
        #expect(try guest.files() == after)

        let path = "\(Self.folder)/\(name)/golden-boot.txt"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        let golden = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        #expect(golden == text, "\(name)")

        try await BootLoader(guest.guest).remove(BlacklistNouveau.parameters)
        let lines = BootLoader(guest.guest).missing(BlacklistNouveau.parameters)
        #expect(lines == BlacklistNouveau.parameters, "\(name): what was put in can be taken out")
    }

    private static func difference(_ old: String?, _ new: String) -> String {
        let lines = new.split(separator: "\n", omittingEmptySubsequences: false)
        guard let old else { return new }
        var text = ""
        for change in lines.difference(from: old.split(separator: "\n", omittingEmptySubsequences: false)) {
            switch change {
            case .remove(_, let line, _): text += "-\(line)\n"
            case .insert(_, let line, _): text += "+\(line)\n"
            }
        }
        return text
    }
}

/// A copy of a tree, with programs that do to its files what the real ones do as far as these steps can see.
private final class TreeGuest: Sendable {
    let fake: FakeRoot
    let guest: Guest
    private let runner: FakeRunner
    private let seen = Mutex(0)
    private let events = Mutex<[Event]>([])

    init(_ tree: String) throws {
        let fake = try FakeRoot()
        try Self.copy(FilePath(tree), FilePath(fake.root.prefix.string))
        for name in fake.root.list("/").filter({ $0.hasPrefix("golden-") }) { try fake.root.remove("/" + name) }
        let root = fake.root
        for path in Self.images(root) { try root.write("070701 with nouveau\n", to: path) }
        let tools = Tools(root: root)
        runner = FakeRunner([
            "update-grub": tools.mkconfig, "grub-mkconfig -o": tools.mkconfig, "grub2-mkconfig -o": tools.mkconfig,
            "grubby --update-kernel=": tools.grubby, "grubby --info=ALL": tools.grubbyInfo, "lsinitramfs": tools.list,
            "lsinitrd": tools.list, "lsinitcpio": tools.list, "dracut --force": tools.rebuild,
            "update-initramfs -u -k": tools.rebuild, "mkinitcpio -p": tools.rebuild,
        ])
        self.fake = fake
        guest = Guest(root: root, runner: runner, architecture: "x86_64")
    }

    var context: StepContext {
        let recipe = Recipe(gpus: [.simulated], driver: Bench.driver)
        return StepContext(guest: guest, plan: Plan(runID: "r", recipe: recipe, payloads: [])) { event in
            self.events.withLock { $0.append(event) }
        }
    }

    var ran: [String] { Array(runner.ran.dropFirst(seen.withLock { $0 })) }
    func forget() { seen.withLock { $0 = runner.ran.count } }
    var warnings: [String] {
        events.withLock { $0 }.compactMap { if case .warning(_, let message) = $0 { message } else { nil } }
    }

    /// Text of every file in /etc and /boot.
    func files() throws -> [String: String] {
        var all: [String: String] = [:]
        func walk(_ path: String) throws {
            for name in fake.root.list(path) {
                let child = path + "/" + name
                if fake.root.linkTarget(child) != nil { continue }
                if fake.root.isDirectory(child) { try walk(child) } else { all[child] = try fake.root.text(child) }
            }
        }
        try walk("/etc")
        try walk("/boot")
        return all
    }

    private static func copy(_ from: FilePath, _ to: FilePath) throws {
        let source = SystemRoot(prefix: from)
        let target = SystemRoot(prefix: to)
        for name in source.list("/") {
            let path = "/" + name
            if let link = source.linkTarget(path) {
                try target.link(path, to: link)
            } else if source.isDirectory(path) {
                try target.createDirectory(path)
                try copy(from.appending(name), to.appending(name))
            } else {
                try Data(contentsOf: URL(filePath: source.real(path))).write(to: URL(filePath: target.real(path)))
            }
        }
    }

    static func images(_ root: SystemRoot) -> [String] {
        root.list("/boot").filter { $0.hasPrefix("init") }.map { "/boot/" + $0 }.filter { root.linkTarget($0) == nil }
    }
}

private struct Tools: Sendable {
    let root: SystemRoot

    /// The kernel lines get what the shell makes of /etc/default/grub and, on Debian's kin, of its fragments.
    var mkconfig: FakeRunner.Answer {
        { command in
            let configuration = command.arguments.count > 2 ? command.arguments[2] : "/boot/grub/grub.cfg"
            var script = ". \(root.real("/etc/default/grub"))\n"
            if command.arguments[0] == "update-grub" {
                for name in root.list("/etc/default/grub.d") where name.hasSuffix(".cfg") {
                    script += ". \(root.real("/etc/default/grub.d/" + name))\n"
                }
            }
            let said = try shell(script + "printf '%s %s' \"$GRUB_CMDLINE_LINUX\" \"$GRUB_CMDLINE_LINUX_DEFAULT\"")
            let text = try root.text(configuration).split(separator: "\n", omittingEmptySubsequences: false).map {
                line in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard let first = words.first, ["linux", "linux16", "linuxefi"].contains(first) else {
                    return String(line)
                }
                let own = words.dropFirst().filter {
                    $0.hasPrefix("/") || $0.hasPrefix("root=") || $0 == "ro" || $0 == "rw"
                }
                return "\t\(first)\t" + (own + said.split(whereSeparator: \.isWhitespace)).joined(separator: " ")
            }
            try root.write(text.joined(separator: "\n"), to: configuration)
            return CommandResult(.exited(0))
        }
    }

    /// Not `Process`, whose waiting runs a run loop on a thread that other tests need.
    private func shell(_ script: String) throws -> String {
        guard let pipe = popen("exec 2>/dev/null\n" + script, "r") else { throw Errno(rawValue: errno) }
        defer { pclose(pipe) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private var entries: [String] { root.list("/boot/loader/entries").map { "/boot/loader/entries/" + $0 } }

    /// Sets or removes whole words, in the entries, or in `kernelopts` where all entries refer to it.
    var grubby: FakeRunner.Answer {
        { command in
            var add: [Substring] = []
            var remove: [Substring] = []
            var kernel = ""
            for argument in command.arguments.dropFirst() {
                let value = argument.drop { $0 != "=" }.dropFirst()
                if argument.hasPrefix("--args=") { add = value.split(separator: " ") }
                if argument.hasPrefix("--remove-args=") { remove = value.split(separator: " ") }
                if argument.hasPrefix("--update-kernel=") { kernel = String(value) }
            }
            func edit(_ line: Substring, _ key: String) -> String {
                var words = line.dropFirst(key.count).split(separator: " ").filter { !remove.contains($0) }
                for word in add {
                    words.removeAll { $0.prefix { $0 != "=" } == word.prefix { $0 != "=" } }
                    words.append(word)
                }
                return key + words.joined(separator: " ")
            }
            func rewrite(_ path: String, _ key: String) throws {
                let lines = try root.text(path).split(separator: "\n", omittingEmptySubsequences: false)
                try root.write(
                    lines.map { $0.hasPrefix(key) ? edit($0, key) : String($0) }.joined(separator: "\n"), to: path)
            }
            let variable = try entries.contains { try root.text($0).contains("$kernelopts") }
            if kernel == "ALL" && variable {
                try rewrite("/boot/grub2/grubenv", "kernelopts=")
            } else {
                for path in entries where try kernel == "ALL" || root.text(path).contains("linux \(kernel)\n") {
                    try rewrite(path, "options ")
                }
            }
            return CommandResult(.exited(0))
        }
    }

    var grubbyInfo: FakeRunner.Answer {
        { _ in
            let options =
                (root.textIfReadable("/boot/grub2/grubenv") ?? "").split(separator: "\n")
                .first { $0.hasPrefix("kernelopts=") }?.dropFirst(11) ?? ""
            let text = try entries.map { path in
                let line = try root.text(path).split(separator: "\n").first { $0.hasPrefix("options ") } ?? ""
                return "args=\"\(line.dropFirst(8).replacing("$kernelopts", with: options))\"\n"
            }
            return CommandResult(.exited(0), output: text.joined())
        }
    }

    var list: FakeRunner.Answer {
        { command in
            let nouveau = try root.text(command.arguments[1]).contains("with nouveau")
            let folder = "usr/lib/modules/x/kernel/drivers"
            return CommandResult(
                .exited(0),
                output: "init\n\(folder)/block/virtio_blk.ko\n" + (nouveau ? "\(folder)/nouveau.ko.xz\n" : ""))
        }
    }

    /// Nouveau stays out only where its tool was told so.
    var rebuild: FakeRunner.Answer {
        { command in
            let told: Bool
            let images: [String]
            switch command.arguments[0] {
            case "dracut":
                told = root.list("/etc/dracut.conf.d").contains {
                    root.textIfReadable("/etc/dracut.conf.d/" + $0)?.contains("omit_drivers+=\" nouveau \"") == true
                }
                images = [command.arguments[2]]
            case "update-initramfs":
                told = root.list("/etc/initramfs-tools/hooks").contains {
                    root.textIfReadable("/etc/initramfs-tools/hooks/" + $0)?.contains("nouveau.ko*") == true
                }
                images = ["/boot/initrd.img-" + command.arguments[3]]
            default:
                told = !(try root.text("/etc/mkinitcpio.conf")).contains(" kms")
                images = ["", "-fallback"].map { "/boot/initramfs-\(command.arguments[2])\($0).img" }
            }
            for image in images where root.exists(image) || command.arguments[0] == "dracut" {
                try root.write("070701 made anew, \(told ? "clean" : "with nouveau")\n", to: image)
            }
            return CommandResult(.exited(0))
        }
    }
}
