import Contract
import FoundationEssentials
import Glibc
import HostFakes
import Testing

@testable import Fleet

/// Which golden images of a site are removed, and when none is.
struct SlurmGoldensTests {
    private struct Site {
        let folder: TemporaryFolder
        let site: SlurmSite
        let goldens: SlurmGoldens

        init() throws {
            folder = try TemporaryFolder()
            site = SlurmSite(shared: folder.path)
            goldens = SlurmGoldens(site)
            try FileManager.default.createDirectory(atPath: site.goldens, withIntermediateDirectories: true)
        }

        func digest(_ letter: Character) -> String { String(repeating: letter, count: 64) }

        /// Images that are whole.
        func put(_ letters: String) throws {
            for letter in letters {
                for ending in ["qcow2", "json"] {
                    try Data("x".utf8).write(to: URL(filePath: "\(site.goldens)/\(digest(letter)).\(ending)"))
                }
            }
        }

        /// A guest of a fleet on an image, or what builds one.
        @discardableResult
        func task(
            _ fleet: String, _ guest: String, on letter: Character, _ action: FleetPlan.Action = .create,
            builds: Bool = false
        ) throws -> (spool: SlurmSpool, number: Int) {
            let spool = site.spool(fleet: fleet)
            try FileManager.default.createDirectory(atPath: "\(site.shared)/spool", withIntermediateDirectories: true)
            var header = try spool.open(fleet: fleet, arraySize: 100) { "id" }
            let number = header.number(of: guest)
            try spool.write(header)
            let task = GuestTask(
                fleet: fleet, guest: guest, machineName: guest, settings: GuestSettings(),
                need: GuestNeed(gpus: .none, memoryBytes: 1 << 30, cpus: 1),
                golden: builds ? nil : .init(digest: digest(letter), path: ""), action: action,
                builds: builds ? digest(letter) : nil)
            try spool.write(task, number)
            return (spool, number)
        }

        /// What a command that wants some images leaves.
        func left(wanted: String = "") throws -> (left: String, removal: SlurmGoldens.Removal) {
            let removal = goldens.collect(goldens.use(), wanted: Set(wanted.map(digest)))
            let names = try FileManager.default.contentsOfDirectory(atPath: site.goldens)
            return (String(names.filter { $0.hasSuffix(".json") }.compactMap(\.first).sorted()), removal)
        }
    }

    private func onSite(_ body: (Site) throws -> Void) throws {
        let site = try Site()
        defer { site.folder.remove() }
        try body(site)
    }

    @Test func whatNoFleetNamesIsRemoved() throws {
        try onSite { site in
            try site.put("abcd")
            try site.task("lab", "one", on: "b")
            try site.task("other", "two", on: "c")
            try site.task("other", "gone", on: "d", .destroy)
            let (left, removal) = try site.left(wanted: "a")
            #expect(left == "abc")
            #expect(removal == .done([site.digest("d")]))
            #expect(try site.left(wanted: "a").removal == .done([]))
        }
    }

    @Test func whatIsBeingBuiltStays() throws {
        try onSite { site in
            try site.put("ab")
            let (spool, number) = try site.task("lab", "golden/a", on: "a", builds: true)
            try site.task("lab", "golden/b", on: "b", builds: true)
            try spool.write(TaskResult(state: .ended, job: "1_0", attempt: 0, node: "n", at: 0), number)
            #expect(try site.left().left == "b")
        }
    }

    @Test func nothingIsRemovedWhileAnotherCommandWorks() throws {
        try onSite { site in
            try site.put("a")
            let other = try #require(site.goldens.use())
            #expect(try site.left().removal == .left("Another command works with \(site.site.shared)."))
            withExtendedLifetime(other) {}
        }
        try onSite { site in
            try site.put("a")
            #expect(try site.left().left == "", "that one has ended")
        }
    }

    @Test func nothingIsRemovedWhereATaskCannotBeRead() throws {
        try onSite { site in
            try site.put("a")
            let (spool, number) = try site.task("lab", "one", on: "b")
            try Data("{".utf8).write(to: URL(filePath: spool.path("task-\(number).json")))
            guard case .left = try site.left().removal else {
                Issue.record("it was removed")
                return
            }
            #expect(try site.left().left == "a")
        }
    }

    @Test func nothingIsRemovedWhereOthersMayWrite() throws {
        try onSite { site in
            try site.put("a")
            #expect(chmod(site.site.shared, 0o775) == 0)
            #expect(try site.left().left == "a")
            #expect(chmod(site.site.shared, 0o755) == 0)
            #expect(try site.left().left == "")
        }
    }

    @Test func nothingIsRemovedWithoutLocks() throws {
        try onSite { site in
            try site.put("a")
            guard case .left = site.goldens.collect(nil, wanted: []) else {
                Issue.record("it was removed")
                return
            }
        }
    }
}
