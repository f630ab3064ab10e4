import Contract
import Glibc
import GuestFakes
import SystemPackage
import Testing

@testable import Guest

/// Walks all trees of Fixtures/guests and compares what would be run there with the golden file beside each.
///
/// `UPDATE_GOLDEN=1 swift test --filter GuestTreesTests` writes the golden files anew; look at the difference.
@Suite struct GuestTreesTests {
    static let folder = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("Fixtures/guests").string
    static let names = SystemRoot.live.list(folder).filter { SystemRoot.live.isDirectory("\(folder)/\($0)") }

    @Test func areThere() { #expect(Self.names.count >= 39) }

    @Test(arguments: names) func runsTheGoldenCommands(_ name: String) throws {
        let root = SystemRoot(prefix: FilePath("\(Self.folder)/\(name)"))
        let told = try Self.commands(root)
        let golden = "\(Self.folder)/\(name)/golden-packages.txt"
        if getenv("UPDATE_GOLDEN") != nil { try SystemRoot.live.write(told, to: golden) }
        #expect(told == SystemRoot.live.textIfReadable(golden))
    }

    /// What the package manager is asked for where compiler, make and headers are missing, and what is known besides.
    static func commands(_ root: SystemRoot) throws -> String {
        let guest = Guest(root: root, runner: FakeRunner([:]), architecture: "x86_64")
        let distribution = try #require(Distribution.of(root))
        let manager = distribution.packageManager(guest)
        let kernel = guest.kernelIdentity
        let names = distribution.packages
        let wanted =
            [names.make, names.compiler, names.libcHeaders] + distribution.kernelHeaders(kernel)
            + (distribution.packages.cxxCompiler == names.compiler ? [] : [names.cxxCompiler])
        func lines(_ actions: [DryRun.Action]) -> [String] {
            actions.map { action in
                switch action {
                case .run(let line): "$ \(line)"
                case .write(let path, let text): "write \(path):\n" + text
                default: "\(action)"
                }
            }
        }
        let kernels = InstalledKernels(root)
        let newest = distribution.newestKernel(kernel, installed: installed(root))
        let compiler = distribution.compilerPackages(upTo: 11)
        return
            ([
                "# \(distribution.name): \(distribution.identity.line.rawValue) \(distribution.version?.description ?? "(rolling)"), \(distribution.support)"
            ]
            + lines(try manager.preview(installing: wanted))
            + [
                "# where those headers are gone: \(newest.joined(separator: " "))",
                "# --update-packages",
            ] + lines(try manager.previewUpdate())
            + [
                "# gcc 11 or older beside its own: \(compiler.map { ($0.source + $0.names + [$0.folder ?? ""]).joined(separator: " ") } ?? "none")",
                "# own gcc: \(distribution.defaultCompiler.map { "\($0)" } ?? "unknown")",
                "# libxml2.so.2: \(names.libxml2 ?? "no package")",
                "# dkms: \(distribution.dkmsSource.advice(distribution.manager))",
                "# kernels: \(kernels.releases.joined(separator: " "))",
                "# the next boot takes: \(kernels.nextBoot ?? "unknown")",
            ]).map(\.trimmedEnd).joined(separator: "\n") + "\n"
    }

    private static func installed(_ root: SystemRoot) -> Set<String> {
        let debian = (root.textIfReadable("/var/lib/dpkg/status") ?? "").lines.filter { $0.hasPrefix("Package: ") }
            .map { String($0.dropFirst(9)) }
        return Set(debian + (root.textIfReadable("/var/lib/rpm/installed.txt") ?? "").lines)
    }

    /// None has headers; the check must say so whatever this machine has.
    @Test(arguments: names) func lacksHeaders(_ name: String) {
        let root = SystemRoot(prefix: FilePath("\(Self.folder)/\(name)"))
        let kernels = InstalledKernels(root)
        #expect(!kernels.releases.isEmpty && kernels.releases.allSatisfy { kernels.headers(of: $0) == nil })
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}

@Suite struct InstalledKernelsTests {
    @Test func comparesNumbersAsNumbers() {
        let sorted = ["6.1.0-9-amd64", "6.1.0-26-amd64", "6.12.0-1-amd64", "5.10.0-100-amd64"]
            .sorted { InstalledKernels.precedes($0, $1) }
        #expect(sorted == ["5.10.0-100-amd64", "6.1.0-9-amd64", "6.1.0-26-amd64", "6.12.0-1-amd64"])
        #expect(!InstalledKernels.precedes("6.1.0-9", "6.1.0-9"))
    }

    @Test func followsAnAbsoluteLinkInsideTheGuest() throws {
        let fake = try FakeRoot([
            "/lib/modules/6.1/modules.dep": "", "/usr/src/h/Makefile": "",
            "/usr/src/h/include/generated/autoconf.h": "",
        ])
        #expect(InstalledKernels(fake.root).headers(of: "6.1") == nil)
        try fake.link("/lib/modules/6.1/build", "/usr/src/h")
        #expect(InstalledKernels(fake.root).headers(of: "6.1") == "/usr/src/h")
    }

    /// What a saved choice of the boot loader does to the next boot.
    @Test(
        arguments: [
            ("set default=\"0\"\n", "", "6.1.0-26"),
            ("set default=\"${saved_entry}\"\n", "saved_entry=old\n", "6.1.0-25"),
            ("set default=\"${saved_entry}\"\n", "", "6.1.0-26"), ("set default=\"1\"\n", "", "6.1.0-25"),
            ("set default=\"more>older\"\n", "", "6.1.0-24"), ("set default=\"3>0\"\n", "", "6.1.0-26"),
            ("set default=\"3>1\"\n", "", "6.1.0-24"), ("set default=\"3\"\n", "", "6.1.0-26"),
            ("set default=\"1>2\"\n", "", "6.1.0-25"), ("set default=\"2\"\n", "", nil),
            ("set default=\"gone\"\n", "", "6.1.0-26"),
        ] as [(String, String, String?)])
    func readsTheDefaultEntry(_ setting: String, _ environment: String, _ release: String?) throws {
        let fake = try FakeRoot([
            "/lib/modules/6.1.0-24/modules.dep": "", "/lib/modules/6.1.0-25/modules.dep": "",
            "/lib/modules/6.1.0-26/modules.dep": "", "/boot/grub/grubenv": environment,
            "/boot/grub/grub.cfg": setting + """
                function savedefault {
                 save_env saved_entry
                }
                menuentry 'New' {
                 linux /boot/vmlinuz-6.1.0-26 ro
                }
                menuentry 'Old' --id 'old' {
                 linux /vmlinuz-6.1.0-25
                }
                menuentry 'Firmware' {
                 fwsetup
                }
                submenu 'More' --id 'more' {
                 menuentry 'New again' {
                  linux /boot/vmlinuz-6.1.0-26 ro
                 }
                 menuentry 'Older' --id 'older' {
                  linux /boot/vmlinuz-6.1.0-24 ro
                 }
                }

                """,
        ])
        #expect(InstalledKernels(fake.root).nextBoot == release)
    }

    /// kernel-install's layout, and systemd-boot's folders.
    @Test(arguments: ["/boot", "/efi", "/boot/efi"])
    func readsEntriesOfTheirOwn(_ folder: String) throws {
        let fake = try FakeRoot([
            "/lib/modules/6.1.0-25/modules.dep": "", "/lib/modules/6.1.0-26/modules.dep": "",
            "\(folder)/loader/entries/abc-6.1.0-25.conf": "title Debian\nlinux /abc/6.1.0-25/linux\n",
            "\(folder)/loader/entries/abc-6.1.0-26.conf": "title Debian\nlinux /abc/6.1.0-26/linux\n",
        ])
        #expect(InstalledKernels(fake.root).nextBoot == "6.1.0-26")
    }
}
