import Contract
import FoundationEssentials
import Testing

extension EndToEnd {
    /// Other kinds of guests: older and newer Debians, UEFI, the shape of an EL, a guest with DKMS.
    @Suite(.serialized) struct GuestKinds {
        /// Provisions `image`; the rest of a good run is expected here, the guest's own traits by the caller.
        private func provisioned(_ bench: Bench, _ arguments: [String], driver: String) async throws -> Report {
            let before = try await bench.imageDigest()
            let outcome = try await bench.provision(["--driver", Lane.driver(driver)] + arguments)
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.outcome == .provisioned)
            #expect(report.gpus.first?.driverVersion == driver)
            #expect(report.proofBoot?.passed == true)
            for step in report.steps { #expect([.applied, .satisfied].contains(step.outcome), "\(step.id)") }
            #expect(try await bench.imageDigest() == before)
            #expect(try bench.livingMachines().isEmpty)
            #expect(try bench.leftovers().isEmpty)
            return report
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func uefi() async throws {
            let bench = try Bench(image: try await guestImage(["--firmware", "uefi"]))
            let report = try await provisioned(bench, [], driver: "550.54.14")
            #expect(report.vm.firmware == "uefi")
            #expect(report.guest?.firmware == "uefi")
            #expect(report.guest?.initramfsTool == "initramfs-tools")
        }

        /// Linux 5.10, and systemd 247, which knows no credentials: in by cloud-init.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func bullseye() async throws {
            let bench = try Bench(image: try await guestImage(["--release", "bullseye"]))
            let report = try await provisioned(bench, ["--cuda", Lane.cuda114], driver: "470.256.02")
            #expect(report.guest?.osID == "debian")
            #expect(report.guest?.osVersion == "11")
            #expect(report.guest?.systemd == 247)
            #expect(report.guest?.kernel.hasPrefix("5.10.") == true)
            #expect(report.cuda?.deviceQueryPassed == true)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func trixie() async throws {
            let bench = try Bench(image: try await guestImage(["--release", "trixie"]))
            let report = try await provisioned(bench, [], driver: "550.54.14")
            #expect(report.guest?.osVersion == "13")
            #expect(report.guest?.kernel.hasPrefix("6.12.") == true)
        }

        /// Debian's packages under the names and files of an EL 9; see Fixtures/simulated/el-shape.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func elShaped() async throws {
            let bench = try Bench(image: try await guestImage(["--shape", "el"]))
            let report = try await provisioned(bench, ["--cuda", Lane.cuda114], driver: "470.256.02")
            #expect(report.guest?.osID == "rocky")
            #expect(report.guest?.osName.contains("stand-in") == true)
            #expect(report.guest?.initramfsTool == "dracut")
            #expect(report.cuda?.deviceQueryPassed == true)
            let contents = try await ImageContents(of: bench.result, in: bench.folder)
            let base = try await ImageContents(of: bench.image, in: bench.folder)
            let entries = contents.entries.keys.filter { $0.hasPrefix("/boot/loader/entries/") }
            #expect(!entries.isEmpty)
            for entry in entries {
                #expect(contents.entries[entry] != base.entries[entry], "\(entry) lacks the blacklist")
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func dkms() async throws {
            let bench = try Bench(image: try await guestImage(["--with", "dkms"]))
            let report = try await provisioned(bench, [], driver: "550.54.14")
            let kernel = try #require(report.guest?.kernel)
            let contents = try await ImageContents(of: bench.result, in: bench.folder)
            #expect(
                contents.entries.keys.contains { $0.hasPrefix("/usr/lib/modules/\(kernel)/updates/dkms/nvidia.ko") },
                "the module is not where DKMS puts it")
        }

        /// What provisioning changed is taken back, and nothing else; the sampler, whose nvidia-smi holds the driver, is in the way.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(60)))
        func undone() async throws {
            let bench = try Bench()
            _ = try await provisioned(bench, ["--cuda", Lane.cuda114, "--telemetry"], driver: "470.256.02")
            let made = try await ImageContents(of: bench.result, in: bench.folder)
            let unit = "/etc/systemd/system/gpu-guest-agent-telemetry.service"
            let wanted = "/etc/systemd/system/multi-user.target.wants/gpu-guest-agent-telemetry.service"
            for path in [unit, wanted] { #expect(made.entries[path] != nil, "\(path) is not there") }
            let provisionedDigest = try await Bench(image: bench.result).imageDigest()
            let undone = "\(bench.folder)/undone.qcow2"
            let outcome = try await bench.run([
                "undo", bench.result, "--output", undone, "--format", "json", "--state", bench.state, "--memory", "2G",
                "--cpus", "2",
            ])
            try #require(outcome.exitCode == 0)
            #expect(try await Bench(image: bench.result).imageDigest() == provisionedDigest)
            let before = try await ImageContents(of: bench.image, in: bench.folder)
            let after = try await ImageContents(of: undone, in: bench.folder)
            let kept = after.differences(from: before) { _ in false }
            print("  left after undo:\n" + kept.map { "    \($0)" }.joined(separator: "\n"))
            for path in [unit, wanted] { #expect(after.entries[path] == nil, "\(path) is left") }
            let differences = after.differences(from: before, except: Self.staysAfterUndo)
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        }

        /// What undo may leave: what a boot writes, and what is derived from the rest.
        private static func staysAfterUndo(_ path: String) -> Bool {
            ImageContents.isMadeAtFirstBoot(path)
                || ["/etc/ld.so.cache", "/usr/local/libexec", "/usr/local/libexec/gpu-guest-agent"].contains(path)
                || path.hasSuffix("/etc/systemd/system/gpu-guest-agent.service")
        }
    }
}
