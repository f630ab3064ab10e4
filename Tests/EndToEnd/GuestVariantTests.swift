import Contract
import FoundationEssentials
import Testing

extension EndToEnd {
    /// Guests and drivers other than the usual ones, and guests that cannot be provisioned.
    @Suite(.serialized) struct GuestVariants {
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func busyNouveauCostsOneReboot() async throws {
            let bench = try Bench()
            let outcome = try await bench.provision([
                "--driver", Lane.driver("470.256.02"), "--qemu-argument=-smbios",
                "--qemu-argument=type=11,value=simulated-nouveau=busy",
            ])
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            let step = try #require(report.steps.first { $0.id == .unloadNouveau })
            #expect(step.reboots == 1)
            #expect(report.boots.map(\.reason) == ["first boot", "reboot", "proof boot"])
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func dracut() async throws {
            let bench = try Bench(image: try await guestImage(["--initramfs", "dracut"]))
            let outcome = try await bench.provision(["--driver", Lane.driver("550.54.14")])
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.guest?.initramfsTool == "dracut")
            #expect(report.proofBoot?.passed == true)
            #expect(report.gpus.first?.driverVersion == "550.54.14")
        }

        /// What is missing is installed by the guest's own package manager over QEMU's network.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func makeIsInstalled() async throws {
            let bench = try Bench(image: try await guestImage(["--without", "make"]))
            let outcome = try await bench.provision(["--driver", Lane.driver("470.256.02"), "--skip-proof-boot"])
            try #require(outcome.exitCode == 0)
            let step = try #require(try outcome.report.steps.first { $0.id == .prerequisites })
            #expect(step.outcome == .applied)
            #expect(step.reason?.contains("make") == true)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func noCompilerAndNoSources() async throws {
            let image = try await guestImage(["--without", "compiler", "--without", "sources"])
            let bench = try Bench(image: image)
            let before = try await bench.imageDigest()
            let outcome = try await bench.provision(["--driver", Lane.driver("470.256.02")])
            #expect(outcome.exitCode == 6)
            let failure = try #require(try outcome.report.failures.first)
            #expect(failure.code == .prerequisites, "with nothing to be had, the sources are at fault, not the headers")
            #expect(failure.side == .guest)
            #expect(!failure.evidence.isEmpty)
            #expect(!failure.remedy.isEmpty)
            #expect(try await bench.imageDigest() == before)
            #expect(try bench.leftovers().isEmpty)
            #expect(try bench.livingMachines().isEmpty)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func driverThatDoesNotBuild() async throws {
            let bench = try Bench()
            let before = try await bench.imageDigest()
            let outcome = try await bench.provision(["--driver", Lane.driver("470.256.02", suffix: "-fault-build")])
            #expect(outcome.exitCode == 7)
            let report = try outcome.report
            let failure = try #require(report.failures.first)
            #expect(failure.code == .driverBuild)
            #expect(failure.evidence.contains { $0.contains("error") })
            #expect(report.steps.first { $0.id == .driver }?.outcome == .failed)
            #expect(try await bench.imageDigest() == before)
            #expect(try bench.leftovers().isEmpty)
            #expect(try bench.livingMachines().isEmpty)
        }

        /// The seed's pair. CUDA 9.1 takes gcc 6 at most, which Debian 12 no longer has: hence the override.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(30)))
        func theSeedsPair() async throws {
            let bench = try Bench()
            let outcome = try await bench.provision([
                "--driver", Lane.driver("390.42"), "--cuda", Lane.cuda91, "--allow-incompatible",
            ])
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.gpus.first?.driverVersion == "390.42")
            #expect(report.cuda?.version == "9.1.85")
            #expect(report.cuda?.deviceQueryPassed == true)
            #expect(report.cuda?.runtimeVersion == "9.1")
            #expect(!report.warnings.isEmpty)
        }

        /// The NoCloud route: a cloud image whose default user has sudo, root closed; a disk that grows; a result that
        /// stands by itself.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func cloudImage() async throws {
            let bench = try Bench(image: try await guestImage(["--cloud-init"]))
            let outcome = try await bench.provision([
                "--driver", Lane.driver("470.256.02"), "--disk-size", "8G", "--standalone",
            ])
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.steps.contains { $0.id == .rootFilesystem })
            #expect(report.image.virtualSize == 8 << 30)
            #expect(report.image.backing == nil)
            #expect(report.proofBoot?.passed == true)
        }

        /// Hardware of old images: SATA disk, e1000, and the newest driver's flags.
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func sataAndE1000() async throws {
            let bench = try Bench(image: try await guestImage(["--kernel", "generic"]))
            let outcome = try await bench.provision([
                "--driver", Lane.driver("580.65.06"), "--disk-bus", "sata", "--nic", "e1000", "--skip-proof-boot",
            ])
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.vm.diskBus == "sata")
            #expect(report.gpus.first?.driverVersion == "580.65.06")
            #expect(report.proofBoot == nil)
        }
    }
}
