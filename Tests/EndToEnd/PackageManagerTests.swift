import Contract
import Glibc
import Guest
import Synchronization
import Testing

@testable import Provisioning

extension EndToEnd {
    /// Every operation of a package manager with the real dnf, zypper and pacman.
    @Suite(.serialized) struct PackageManagers {
        /// What the prerequisites are judged by, as after `Inspect`.
        static func context(_ place: PackageRoot, reboots: Int = 0, _ change: (inout Recipe) -> Void = { _ in })
            -> StepContext
        {
            var recipe = Recipe(
                gpus: [.simulated], driver: DriverRecipe(version: "570.86.10", sha256: "d", dkms: false))
            change(&recipe)
            return StepContext(
                guest: place.guest, plan: Plan(runID: "run-1", recipe: recipe, payloads: []), reboots: reboots
            ) { event in
                if case .progress(_, let message) = event { print("  | \(message)") }
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases)
        func installsAndRemovesThePrerequisites(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                let context = Self.context(place)
                let step = Prerequisites()
                let before = try await place.manager().installed()
                #expect(before.contains("bash") && !before.contains("gcc"))
                guard case .needed(let why) = try await step.check(context) else {
                    Issue.record("nothing is missing")
                    return
                }
                #expect(why.contains("make") && why.contains("headers of kernel \(kind.kernel)"))
                guard case .applied = try await step.apply(context) else {
                    Issue.record("not applied")
                    return
                }
                #expect(try await step.verify(context).count >= 2)
                #expect(InstalledKernels(place.root).headers(of: kind.kernel) != nil)
                let brought = try context.changes.read().packages
                #expect(brought.contains("gcc") && brought.contains("make") && !brought.contains("bash"))

                let after = try await place.manager().installed()
                let undo = UndoPackages(recipe: UndoRecipe(packages: true))
                _ = try await undo.apply(context)
                let left = try await place.manager().installed()
                // Kernels and their headers are nobody's to remove.
                let distribution = try #require(Distribution.of(place.root))
                #expect(left.subtracting(before).allSatisfy { distribution.isKernel(package: $0) }, "\(left)")
                #expect(after.subtracting(left) == Set(brought))
                #expect(before.subtracting(left).isEmpty)
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases)
        func replacesAKernelWhoseHeadersAreGone(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                // What the guest knows is of the days when its kernel was new.
                try await place.manager().install(["make"]) { _ in }
                try await place.turnSources(to: "b")
                let kept = await #expect(throws: Failure.self) {
                    _ = try await Prerequisites().apply(Self.context(place) { $0.keepKernel = true })
                }
                #expect(kept?.code == .kernelKept && kept?.evidence.isEmpty == false)
                guard case .rebootRequired(let why) = try await Prerequisites().apply(Self.context(place)) else {
                    Issue.record("no reboot")
                    return
                }
                #expect(why.contains(kind.kernel) && why.contains(kind.newerKernel))
                let kernels = InstalledKernels(place.root)
                #expect(kernels.releases == (kind == .arch ? [] : [kind.kernel]) + [kind.newerKernel])
                #expect(kernels.headers(of: kind.newerKernel) != nil)
                try await place.boot(kind.newerKernel)
                guard case .satisfied = try await Prerequisites().check(Self.context(place, reboots: 1)) else {
                    Issue.record("something is still missing")
                    return
                }
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases)
        func bringsAllUpToDate(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                try await place.manager().install(["make"]) { _ in }
                try await place.turnSources(to: "b")
                guard case .rebootRequired(let why) = try await UpdatePackages().apply(Self.context(place)) else {
                    Issue.record("no reboot")
                    return
                }
                #expect(why.contains(kind.newerKernel))
                if kind != .arch {
                    #expect(try place.root.text("/usr/bin/make").contains(kind == .el ? "4.3-8" : "4.2.1-7.3.9"))
                }
                #expect(InstalledKernels(place.root).releases.last == kind.newerKernel)
                // There is nothing left to do.
                try await place.manager().updateAll { _ in }
            }
        }

        /// Another process installs a package, which takes long: until it is waited for.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases)
        func waitsForAnotherProcess(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                try await place.shell("rm -f /run/slow-*")
                async let other = place.runner.run(kind.install("slow"))
                try await Self.wait { place.root.exists("/run/slow-begun") }
                let waited = Mutex(0)
                let manager = try place.manager {
                    waited.withLock { $0 += 1 }
                    try? place.root.write("", to: "/run/slow-may-end")
                    usleep(300_000)
                }
                try await manager.install(["make"]) { _ in }
                #expect(waited.withLock { $0 } > 0, "it did not have to wait")
                #expect(try await other.succeeded)
                #expect(try await manager.installed().isSuperset(of: ["make", "slow"]))
                try place.record(
                    "locked", of: ["make"], means: "guest.packages-locked",
                    place.runner.ran.first { !$0.result.succeeded && $0.command.arguments.contains("make") })
            }
        }

        /// rpm and pacman have locks of their own, which another program than the front end may hold.
        @Test(
            .enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: [PackageRoot.Kind.el, .suse])
        func waitsForRPM(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                try await place.shell("rm -f /run/slow-*")
                async let other = place.runner.run(
                    Command(
                        ["rpm", "-i", "--nosignature", "/srv/repositories/\(kind.rawValue)-a/slow-1-1.noarch.rpm"],
                        deadline: .seconds(120)))
                try await Self.wait { place.root.exists("/run/slow-begun") }
                // rpm waits for the lock by itself, without a word.
                async let release: Void = {
                    try await Task.sleep(for: .seconds(5))
                    try place.root.write("", to: "/run/slow-may-end")
                }()
                try await place.manager(sleep: { usleep(500_000) }).install(["make"]) { _ in }
                try await release
                #expect(try await other.succeeded)
                #expect(try await place.manager().installed().isSuperset(of: ["make", "slow"]))
                if let failed = place.runner.ran.first(where: {
                    !$0.result.succeeded && $0.command.arguments.contains("make")
                }) {
                    try place.record("locked-by-rpm", of: ["make"], means: "guest.packages-locked", failed)
                }
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)))
        func removesALockOfNobody() async throws {
            try await PackageRoot.with(.arch) { place in
                try place.root.write("", to: "/var/lib/pacman/db.lck")
                try await place.manager().install(["make"]) { _ in }
                #expect(!place.root.exists("/var/lib/pacman/db.lck"))
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases)
        func installsFromAFolder(_ kind: PackageRoot.Kind) async throws {
            try await PackageRoot.with(kind) { place in
                try await place.loseNetwork()
                let names = try await Prerequisites().missing(Self.context(place)).flatMap(\.packages)
                try await place.shell("cp -r /srv/repositories/\(kind.rawValue)-o /var/tmp/whole")
                try await place.shell("cp -r /srv/repositories/\(kind.rawValue)-p /var/tmp/part")
                // Without something that was asked for.
                do {
                    try await place.manager().install(names, fromFolder: "/var/tmp/part") { _ in }
                    Issue.record("installed from a folder that lacks most")
                } catch let missing as PackagesNotFound {
                    #expect(Set(missing.names) == Set(names).subtracting(["gcc", "make"]), "\(missing.names)")
                }
                // Without what gcc needs.
                do {
                    try await place.manager().install(["gcc", "make"], fromFolder: "/var/tmp/part") { _ in }
                    Issue.record("installed gcc without what it needs")
                } catch let failure as Failure {
                    #expect(failure.code == .prerequisites && !failure.retryable)
                    let need = [PackageRoot.Kind.el: "cpp", .suse: "gcc7", .arch: "libisl"][kind] ?? ""
                    #expect(failure.evidence.contains { $0.contains(need) }, "\(failure.evidence)")
                    #expect(failure.remedy.contains("--offline"), "\(failure.remedy)")
                    try place.record(
                        "folder-lacks", of: ["gcc", "make"], means: "guest.prerequisites",
                        place.runner.ran.last {
                            $0.command.arguments.contains { $0.hasSuffix("gcc") || $0.contains("gcc-") }
                        })
                }
                #expect(try await place.manager().installed().isDisjoint(with: ["gcc", "make"]))
                try await place.manager().install(names, fromFolder: "/var/tmp/whole") { _ in }
                guard case .satisfied = try await Prerequisites().check(Self.context(place)) else {
                    Issue.record("something is still missing")
                    return
                }
                // No other kernel came along.
                #expect(InstalledKernels(place.root).releases == [kind.kernel])
            }
        }

        /// How sources can fail, and what that is taken for.
        enum Trouble: String, CaseIterable, CustomTestStringConvertible {
            case noNetwork = "no-network"
            case noSources = "no-sources"
            case notFound = "not-found"
            case onlySomeFound = "only-some-found"
            case broken = "broken-dependency"
            case tooSmall = "disk-too-small"
            case unsigned = "unsigned"

            var packages: [String] {
                switch self {
                case .notFound: ["no-such-package"]
                case .onlySomeFound: ["make", "no-such-package"]
                case .broken: ["broken"]
                case .tooSmall: ["large"]
                default: ["make"]
                }
            }

            /// Nil: packages that are not to be had.
            var code: FailureCode? {
                switch self {
                case .notFound, .onlySomeFound: nil
                case .tooSmall: .guestSpace
                default: .prerequisites
                }
            }

            var testDescription: String { rawValue }

            func make(_ place: PackageRoot) async throws {
                switch (self, place.kind) {
                case (.noNetwork, _): try await place.loseNetwork()
                case (.noSources, .el): try await place.shell("rm /etc/yum.repos.d/*")
                case (.noSources, .suse): try await place.shell("rm /etc/zypp/repos.d/*")
                case (.noSources, .arch): try await place.shell("sed -i '/core/,$d' /etc/pacman.conf")
                case (.tooSmall, _): try await place.shell("mkdir -p /opt; mount -t tmpfs -o size=8m tmpfs /opt")
                case (.unsigned, .el):
                    try await place.shell("sed -i s/gpgcheck=0/gpgcheck=1/ /etc/yum.repos.d/rocky.repo")
                case (.unsigned, .suse):
                    try await place.shell("sed -i s/gpgcheck=0/gpgcheck=1/ /etc/zypp/repos.d/oss.repo")
                case (.unsigned, .arch):
                    try await place.shell(
                        """
                        sed -i 's/SigLevel = Never/SigLevel = Required DatabaseOptional/' /etc/pacman.conf
                        for package in /srv/sources/*.zst; do echo nonsense >$package.sig; done
                        """)
                case (.notFound, _), (.onlySomeFound, _), (.broken, _): break
                }
            }
        }

        @Test(
            .enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)), arguments: PackageRoot.Kind.allCases,
            Trouble.allCases)
        func namesTheTrouble(_ kind: PackageRoot.Kind, _ trouble: Trouble) async throws {
            try await PackageRoot.with(kind) { place in
                try await trouble.make(place)
                do {
                    try await place.manager().install(trouble.packages) { _ in }
                    Issue.record("no failure")
                } catch let failure as Failure {
                    print("  | \(failure.code): \(failure.message)\n  |   \(failure.evidence)")
                    #expect(failure.code == trouble.code, "\(failure)")
                    #expect(failure.retryable == (trouble == .noNetwork))
                    #expect(!failure.evidence.isEmpty)
                } catch let missing as PackagesNotFound {
                    print("  | not found: \(missing.names)\n  |   \(missing.failure.evidence)")
                    #expect(trouble.code == nil && missing.names == ["no-such-package"], "\(missing)")
                }
                try place.record(
                    trouble.rawValue, of: trouble.packages,
                    means: trouble.code?.rawValue ?? "not found: no-such-package",
                    place.runner.ran.last { !$0.result.succeeded })
            }
        }

        /// EPEL is a package that brings a source, and dkms comes from there.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)))
        func findsDKMSInEPEL() async throws {
            try await PackageRoot.with(.el) { place in
                #expect(Distribution.of(place.root)?.dkmsSource == .package("epel-release"))
                let before = await #expect(throws: PackagesNotFound.self) {
                    try await place.manager().install(["dkms"]) { _ in }
                }
                #expect(before?.names == ["dkms"])
                try await place.manager().install(["epel-release"]) { _ in }
                try await place.manager().install(["dkms"]) { _ in }
                #expect(try await place.manager().installed().isSuperset(of: ["dkms", "gcc", "make"]))
            }
        }

        /// dnf reads the files that lead to the vault, and asks there.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(10)))
        func asksTheVault() async throws {
            try await PackageRoot.with(.el) { place in
                let file = "/etc/yum.repos.d/rocky.repo"
                try place.root.write(
                    """
                    [baseos]
                    name=CentOS Linux $releasever - BaseOS
                    mirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=BaseOS&infra=$infra
                    #baseurl=http://mirror.centos.org/$contentdir/$releasever/BaseOS/$basearch/os/
                    gpgcheck=0
                    enabled=1

                    """, to: file)
                try place.root.write("ID=centos\nVERSION_ID=8\nPLATFORM_ID=platform:el8\n", to: "/etc/os-release")
                let failure = await #expect(throws: Failure.self) {
                    try await place.manager().install(["make"]) { _ in }
                }
                #expect(failure?.code == .prerequisites && failure?.retryable == true)
                #expect(place.runner.ran.last?.result.output.contains("vault.centos.org") == true)
                let text = try place.root.text(file)
                #expect(text.contains("\nbaseurl=http://vault.centos.org/8.5.2111/BaseOS/$basearch/os/\n"))
                let list = try await place.runner.run("dnf", "repolist", "--enabled")
                #expect(list.succeeded && list.output.contains("baseos"))
            }
        }

        /// Polls: there is no event for a file in another mount namespace.
        private static func wait(_ condition: () -> Bool) async throws {
            for _ in 0..<600 where !condition() { try await Task.sleep(for: .milliseconds(100)) }
            try #require(condition())
        }
    }
}
