import Contract
import FoundationEssentials
import Glibc
import HostFakes
import Provisioner
import Synchronization
import Testing
import VirtualMachines

@testable import Machines

/// The tool killed (kill -9) between any two things that `start` writes or begins: whatever comes next finds what there is.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrashTests {
    /// The records of a VM's folder, as they were at some moment: all but sockets and logs, which are QEMU's.
    private struct Snapshot {
        var files: [String: Data] = [:]
        private static let records = [
            "machine.json", "known_hosts", "keys/root", "keys/root.pub", "keys/user", "keys/user.pub",
            "seed/user-data", "seed/meta-data", "vm/vm.json",
        ]

        init(of path: String) {
            for name in Self.records { files[name] = FileManager.default.contents(atPath: "\(path)/\(name)") }
        }

        /// Makes the folder's records what they were then.
        func restore(to path: String) throws {
            for name in Self.records {
                let file = "\(path)/\(name)"
                if let data = files[name] {
                    try data.write(to: URL(filePath: file))
                } else {
                    try? FileManager.default.removeItem(atPath: file)
                }
            }
        }
    }

    /// Runs a whole start, and keeps what was on disk at each point.
    private static func points(_ bench: MachineBench) async throws -> (Starting.Started, [(Starting.Point, Snapshot)]) {
        let home = bench.home("web")
        let seen = Mutex<[(Starting.Point, Snapshot)]>([])
        let started = try await bench.start(reached: { point in
            seen.withLock { $0.append((point, Snapshot(of: home.path))) }
        })
        return (started, seen.withLock { $0 })
    }

    /// Before QEMU was begun: there is nothing to find, and the same command begins.
    @Test func beforeTheLaunch() async throws {
        try await MachineBench.with { bench in
            let (_, points) = try await Self.points(bench)
            _ = try await bench.stop("web")
            #expect(points.map(\.0) == Starting.Point.allCases)
            let home = bench.home("web")
            for (point, snapshot) in points where [.folder, .keys, .record, .claim, .launch].contains(point) {
                try FileManager.default.removeItem(atPath: home.path)
                if point != .folder { try home.make() }
                for folder in ["keys", "seed", "vm"] where !snapshot.files.isEmpty {
                    try FileManager.default.createDirectory(
                        atPath: "\(home.path)/\(folder)", withIntermediateDirectories: true)
                }
                if point != .folder { try snapshot.restore(to: home.path) }
                #expect(bench.list().allSatisfy { $0.state == .stopped }, "\(point)")
                let again = try await bench.start()
                #expect(bench.list().map(\.state) == [.running], "\(point)")
                if let stored = snapshot.files["machine.json"] {
                    let known = try JSONDecoder().decode(StoredMachine.self, from: stored)
                    #expect(again.stored.instanceID == known.instanceID)
                    #expect(again.stored.sshPort == known.sshPort)
                }
                #expect(try await bench.stop("web").measure == .quit)
            }
        }
    }

    /// A pair of keys of which only one half was written.
    @Test func halfAKeyPair() async throws {
        try await MachineBench.with { bench in
            let home = bench.home("web")
            try home.make()
            try await home.keys.make()
            try FileManager.default.removeItem(atPath: home.keys.userKey + ".pub")
            let started = try await bench.start()
            #expect(bench.folder.read("state/machines/web/keys/user.pub").hasPrefix("ssh-ed25519 "))
            _ = started
        }
    }

    /// After QEMU was begun: it is found by what stood on disk at any later point, is not started twice, and is stopped.
    @Test(arguments: [Starting.Point.contact, .done]) func afterTheLaunch(_ point: Starting.Point) async throws {
        try await MachineBench.with { bench in
            let (started, points) = try await Self.points(bench)
            let snapshot = try #require(points.first { $0.0 == point }).1
            try snapshot.restore(to: bench.home("web").path)
            #expect(bench.list().map(\.state) == [.running])
            #expect(bench.list().first?.pid == started.machine.record.pid)
            #expect(await failure { _ = try await bench.start() }?.code == .machineRunning)
            #expect(try await bench.stop("web").measure == .quit)
            #expect(!started.machine.isRunning)
        }
    }

    /// Between QEMU's start and the note of its process: vm.json has no pid yet.
    @Test func withinTheLaunch() async throws {
        try await MachineBench.with { bench in
            let (started, points) = try await Self.points(bench)
            let home = bench.home("web")
            let before = try #require(points.first { $0.0 == .launch }).1
            var record = started.machine.record
            record.pid = 0
            record.startTime = 0
            try before.restore(to: home.path)
            try JSONEncoder().encode(record).write(to: URL(filePath: home.vmFolder + "/vm.json"))
            #expect(bench.list().first?.pid == started.machine.record.pid)
            #expect(await failure { _ = try await bench.start() }?.code == .machineRunning)
            #expect(try await bench.stop("web").measure == .quit)
            #expect(!started.machine.isRunning)
        }
    }

    /// A record by a newer version, or none at all, is said and harms nobody else.
    @Test(arguments: [#"{"schema": 99}"#, "", "[]"]) func recordsThatAreNotUnderstood(_ text: String) async throws {
        try await MachineBench.with { bench in
            let home = bench.home("web")
            try home.make()
            try Data(text.utf8).write(to: URL(filePath: home.recordPath))
            #expect(bench.list().map(\.state) == [.unknown])
            #expect(bench.list().first?.words.first?.contains("machine.json") == true)
            #expect(await failure { _ = try await bench.start() }?.code == .runDiffers)
            #expect(try await bench.stop("web", remove: true).removed)
            #expect(bench.list().isEmpty)
        }
    }
}
