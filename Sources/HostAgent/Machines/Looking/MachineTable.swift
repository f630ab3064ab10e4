import Contract

/// VMs for people, at 80 columns. Names are never cut, since they are typed in; images lose their beginning.
public struct MachineTable {
    private let machines: [MachineFacts]
    private let width: Int

    /// A table of at most `width` columns, where names and GPUs leave room for that.
    public init(_ machines: [MachineFacts], width: Int = 80) {
        self.machines = machines
        self.width = width
    }

    /// Its lines, without control characters.
    public var lines: [String] {
        let header = ["NAME", "STATE", "GPU", "SSH", "PID", "UP"]
        let rows = machines.map(Self.row)
        // A name or a list of GPUs that is longer has a line of its own.
        let limits = [20, 12, 12, 5, 7, 6]
        let widths = limits.indices.map { column in
            ([header] + rows).map { $0[column].count }.filter { $0 <= limits[column] }.max() ?? 0
        }
        let left = width - widths.reduce(0, +) - 2 * widths.count
        var lines = [Self.line(header, widths) + "IMAGE"]
        for (machine, row) in zip(machines, rows) {
            var (row, below) = (row, [String]())
            if row[0].count > widths[0] {
                lines.append(row[0])
                row[0] = ""
            }
            if machine.gpus.count > 1 {
                row[2] = "\(machine.gpus.count) GPUs"
                below = machine.gpus.map { "  GPU \($0)" }
            }
            // What kind of run a VM belongs to, where it is none of `start`.
            if machine.kind != .machine { below.append("  of a run: \(machine.kind.rawValue)") }
            lines.append(Self.line(row, widths) + Self.end(of: Printable.line(machine.image), left))
            lines += below + machine.words.map { "  | " + Printable.line($0).prefix(width - 4) }
        }
        return lines
    }

    private static func row(_ machine: MachineFacts) -> [String] {
        [
            machine.name, machine.state.rawValue, machine.gpus.first ?? "-", machine.sshPort.map { "\($0)" } ?? "-",
            machine.pid.map { "\($0)" } ?? "-", machine.uptimeSeconds.map(span) ?? "-",
        ].map { Printable.line($0) }
    }

    private static func line(_ row: [String], _ widths: [Int]) -> String {
        zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count) + 2) }.joined()
    }

    /// The end of a path: its file name tells most.
    private static func end(of path: String, _ width: Int) -> String {
        path.count <= width ? path : "…" + path.suffix(max(7, width - 1))
    }

    /// "42s", "12m", "3h05m", "12d".
    static func span(_ seconds: Double) -> String {
        let seconds = Int(exactly: seconds.rounded()) ?? 0
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m"
        case ..<86_400:
            let minutes = seconds / 60 % 60
            return "\(seconds / 3600)h\(minutes < 10 ? "0" : "")\(minutes)m"
        default: return "\(seconds / 86_400)d"
        }
    }
}
