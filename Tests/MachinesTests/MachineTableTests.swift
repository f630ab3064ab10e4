import Testing

@testable import Machines

@Suite struct MachineTableTests {
    private static func facts(
        _ name: String, _ state: MachineFacts.State, kind: MachineFacts.Kind = .machine, gpus: [String] = [],
        words: [String] = []
    ) -> MachineFacts {
        MachineFacts(
            name: name, kind: kind, state: state, words: words, image: "/var/lib/images/\(name).qcow2",
            isSnapshot: false, gpus: gpus, sshPort: 40022, forwards: [], user: nil,
            pid: state == .running ? 12345 : nil,
            launchedAt: 5, uptimeSeconds: state == .running ? 11_100 : nil, cpus: 4, memoryBytes: 4 << 30,
            folder: "/s")
    }

    @Test func aTable() {
        let lines = MachineTable([
            Self.facts("web", .running, gpus: ["0000:41:00.0"]),
            Self.facts("db", .crashed, words: ["qemu-system-x86_64: out\u{1b}[0m of memory"]),
            Self.facts("a-name-that-is-longer-than-the-column", .stopped),
            Self.facts("big", .running, gpus: ["0000:01:00.0", "0000:02:00.0"]),
            Self.facts("disk.gpu.qcow2-0123456789abcdef", .running, kind: .provisioning, gpus: ["simulated"]),
        ]).lines
        #expect(
            lines == [
                "NAME  STATE    GPU           SSH    PID    UP     IMAGE",
                "web   running  0000:41:00.0  40022  12345  3h05m  /var/lib/images/web.qcow2",
                "db    crashed  -             40022  -      -      /var/lib/images/db.qcow2",
                "  | qemu-system-x86_64: out of memory",
                "a-name-that-is-longer-than-the-column",
                "      stopped  -             40022  -      -      …-longer-than-the-column.qcow2",
                "big   running  2 GPUs        40022  12345  3h05m  /var/lib/images/big.qcow2",
                "  GPU 0000:01:00.0",
                "  GPU 0000:02:00.0",
                "disk.gpu.qcow2-0123456789abcdef",
                "      running  simulated     40022  12345  3h05m  ….qcow2-0123456789abcdef.qcow2",
                "  of a run: provisioning",
            ])
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test(arguments: [
        (0.0, "0s"), (59.4, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h00m"), (86_399, "23h59m"), (200_000, "2d"),
        (.nan, "0s"), (1e300, "0s"),
    ])
    func spans(_ seconds: Double, _ text: String) {
        #expect(MachineTable.span(seconds) == text)
    }
}
