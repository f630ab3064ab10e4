import Contract
import GuestFakes
import Testing

@testable import Guest

/// What real package managers said, and what it is taken for. `Tests/EndToEnd` records it (Fixtures/package-managers).
@Suite struct RecordedPackageManagersTests {
    static let folder =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Fixtures/package-managers/recorded"
    static let files = SystemRoot.live.list(folder)

    @Test func haveThemAll() {
        for program in ["dnf", "zypper", "pacman"] {
            #expect(Self.files.filter { $0.hasPrefix("\(program)-") }.count >= 9, "\(program)")
        }
    }

    @Test(arguments: files) func isTakenForWhatItIs(_ file: String) async throws {
        let text = try SystemRoot.live.text("\(Self.folder)/\(file)")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        func field(_ name: String) throws -> String {
            let line = try #require(lines.first { $0.hasPrefix("# \(name): ") })
            return String(line.dropFirst("# \(name): ".count))
        }
        let means = try field("means")
        let status = try #require(Int32(try field("status")))
        let output = lines.drop { $0.hasPrefix("# ") }.joined(separator: "\n")
        let program = String(file.prefix { $0 != "-" })
        let release = ["dnf": "ID=rocky\nVERSION_ID=9.4\n", "zypper": "ID=opensuse-leap\nVERSION_ID=15.6\n"][program]
        let fake = try FakeRoot(["/etc/os-release": release ?? "ID=arch\n", "/proc/7/comm": "pacman\n"])
        // What is run besides (fresh metadata, a look at what is there) goes well.
        let asked = try field("asked for").words
        let runner = FakeRunner([
            program: {
                Set(asked).isSubset(of: $0.arguments)
                    ? CommandResult(.exited(status), output: output) : CommandResult(.exited(0))
            }
        ])
        let manager = try #require(Distribution.of(fake.root)).packageManager(
            Guest(root: fake.root, runner: runner)
        ) { _ in }
        do {
            try await manager.install(asked) { _ in }
            Issue.record("no failure")
        } catch let failure as Failure {
            #expect(failure.code.rawValue == means, "\(failure)")
            #expect(failure.retryable == ["locked", "no-network"].contains { file.contains($0) })
            let word = [
                "locked": "lock", "space": "space", "small": "more space", "network": "mirror.invalid",
                "broken": "nothing-has-this",
            ].first { file.contains($0.key) }?.value
            if let word {
                #expect(
                    failure.evidence.contains { $0.contains(word) || $0.contains("too full") }, "\(failure.evidence)")
            }
        } catch let missing as PackagesNotFound {
            #expect("not found: " + missing.names.joined(separator: " ") == means)
        }
    }
}
