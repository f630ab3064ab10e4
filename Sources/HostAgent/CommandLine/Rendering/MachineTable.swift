import Contract
import Machines

/// VMs for people, at 80 columns. Names and GPUs are never cut, since they are typed in; images lose their beginning.
struct MachineTable {
    private let machines: [MachineFacts]
    private let width: Int

    init(_ machines: [MachineFacts], width: Int = 80) {
        self.machines = machines
        self.width = width
    }

    var text: String {
        let rows = [["NAME", "STATE", "GPU", "SSH", "PID", "UP"]] + machines.map(Self.row)
        // A name or a list of GPUs that is longer has a line of its own.
        let limits = [24, 12, 12, 5, 7, 7]
        let widths = limits.indices.map { column in
            rows.map { $0[column].count }.filter { $0 <= limits[column] }.max() ?? 0
        }
        let left = width - widths.reduce(0, +) - 2 * widths.count
        var lines = [line(rows[0], widths) + "IMAGE"]
        for (machine, row) in zip(machines, rows.dropFirst()) {
            var row = row
            if row[0].count > widths[0] {
                lines.append(row[0])
                row[0] = ""
            }
            var more: [String] = []
            if row[2].count > widths[2] {
                more = machine.gpus.dropFirst().map { "  and \($0)" }
                row[2] = "\(machine.gpus.count) GPUs"
                more.insert("  GPUs: \(machine.gpus[0])", at: 0)
                if machine.gpus[0].count <= widths[2] { row[2] = machine.gpus[0] }
            }
            lines.append(line(row, widths) + Self.end(of: machine.image, left))
            lines += more
            for words in machine.words { lines += Wrapped.lines("  | \(words)", indent: "  | ", width: width) }
        }
        return SafeText.lines(lines)
    }

    private static func row(_ machine: MachineFacts) -> [String] {
        let kind = machine.kind == .machine ? "" : " (\(machine.kind.rawValue))"
        return [
            Printable.line(machine.name), machine.state.rawValue + kind,
            machine.gpus.isEmpty ? "-" : machine.gpus.joined(separator: ","),
            machine.sshPort.map { "\($0)" } ?? "-", machine.pid.map { "\($0)" } ?? "-",
            machine.uptimeSeconds.map(Self.span) ?? "-",
        ]
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count) + 2) }.joined()
    }

    /// The end of a path: its file name tells most.
    private static func end(of path: String, _ width: Int) -> String {
        path.count <= width ? path : "…" + path.suffix(max(8, width - 1))
    }

    /// "42s", "12m", "3h05m", "12d".
    static func span(_ seconds: Double) -> String {
        let seconds = SafeText.whole(seconds)
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
