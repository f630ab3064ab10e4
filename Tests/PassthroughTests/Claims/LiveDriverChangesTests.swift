import Glibc
import Host
import HostFakes
import Testing

/// Writes in a child with a deadline, on real files.
@Suite struct LiveDriverChangesTests {
    @Test func writesAndTellsWhatTheKernelSays() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let changes = LiveDriverChanges()
        #expect(await changes.write("vfio-pci\n", to: "\(folder.path)/a", deadline: .seconds(300)) == .accepted)
        #expect(folder.read("a") == "vfio-pci\n")
        guard case .refused(let words) = await changes.write("x\n", to: "/dev/full", deadline: .seconds(300)) else {
            Issue.record("/dev/full took it")
            return
        }
        #expect(words.contains("No space left on device"))
    }

    @Test func doesNotWaitBeyondItsDeadline() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        // A pipe that nobody reads: its opening does not come back.
        let pipe = "\(folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let end = await LiveDriverChanges().write("x\n", to: pipe, deadline: .milliseconds(300))
        guard case .hanging(let seen) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(seen.first?.contains("the write is in process") == true)
    }

    @Test func programs() async {
        #expect(await LiveDriverChanges().run(["true"], deadline: .seconds(300)) == .accepted)
        #expect(await LiveDriverChanges().run(["false"], deadline: .seconds(300)) != .accepted)
        let hanging = await LiveDriverChanges().run(["sleep", "300"], deadline: .milliseconds(300))
        guard case .hanging(let seen) = hanging else {
            Issue.record("\(hanging)")
            return
        }
        #expect(seen.first?.hasPrefix("sleep is in process") == true)
        guard case .refused(let words) = await LiveDriverChanges().run(["no-such-program"], deadline: .seconds(300))
        else {
            Issue.record("it was run")
            return
        }
        #expect(words.contains("no-such-program"))
    }
}
