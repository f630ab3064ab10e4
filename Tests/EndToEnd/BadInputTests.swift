import Contract
import FoundationEssentials
import Testing

extension EndToEnd {
    /// Input that is wrong: a clear error before anything is started, the image unchanged to the byte.
    @Suite struct BadInput {
        private func refused(_ bench: Bench, _ arguments: [String], _ code: FailureCode) async throws -> String {
            let before = try await bench.imageDigest()
            let outcome = try await bench.provision(arguments)
            #expect(outcome.exitCode == 2)
            #expect(outcome.stderr.contains(code.rawValue), "\(outcome.stderr)")
            #expect(outcome.stderr.contains("what to do:"))
            #expect(outcome.stdout.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: bench.result))
            #expect(try bench.leftovers().isEmpty)
            #expect(try await bench.imageDigest() == before)
            return outcome.stderr
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func corruptRunfile() async throws {
            let bench = try Bench()
            let broken = "\(bench.folder)/NVIDIA-Linux-x86_64-470.256.02.run"
            var bytes = try #require(FileManager.default.contents(atPath: Lane.driver("470.256.02")))
            bytes[bytes.count - 100] ^= 0x40
            try bytes.write(to: URL(filePath: broken))
            let words = try await refused(bench, ["--driver", broken], .runfileCorrupt)
            #expect(words.contains("its header states"))
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func truncatedRunfile() async throws {
            let bench = try Bench()
            let broken = "\(bench.folder)/cuda_11.4.4_470.82.01_linux.run"
            let bytes = try #require(FileManager.default.contents(atPath: Lane.cuda114))
            try bytes.prefix(bytes.count / 2).write(to: URL(filePath: broken))
            _ = try await refused(bench, ["--cuda", broken], .runfileCorrupt)
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func wrongArchitecture() async throws {
            let bench = try Bench()
            let words = try await refused(
                bench, ["--driver", Lane.driver("470.256.02", arch: "aarch64")], .runfileWrongArchitecture)
            #expect(words.contains("aarch64"))
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func driverTooOldForCUDA() async throws {
            let bench = try Bench()
            let words = try await refused(
                bench, ["--driver", Lane.driver("390.42"), "--cuda", Lane.cuda114], .incompatible)
            #expect(words.contains("390.42"))
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func everythingWrongIsToldAtOnce() async throws {
            let bench = try Bench()
            let outcome = try await bench.run([
                "\(bench.folder)/no-such-image.qcow2", "--gpu", "simulated", "--driver", "\(bench.folder)/no-such.run",
                "--memory", "100M", "--state", bench.state, "--output", bench.result,
            ])
            #expect(outcome.exitCode == 2)
            for code in [FailureCode.imageMissing, .runfileMissing, .optionInvalid, .licenceNotAccepted] {
                #expect(outcome.stderr.contains(code.rawValue), "\(code) is not told")
            }
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint))
        func imageThatIsNoDisk() async throws {
            let bench = try Bench()
            let text = "\(bench.folder)/notes.qcow2"
            try Data("This is no disk.\n".utf8).write(to: URL(filePath: text))
            let outcome = try await bench.run([
                text, "--gpu", "simulated", "--driver", Lane.driver("470.256.02"), "--accept-nvidia-licenses",
                "--state", bench.state, "--output", bench.result,
            ])
            #expect(outcome.exitCode == 2)
            #expect(outcome.stderr.contains(FailureCode.imageUnreadable.rawValue))
        }
    }
}
