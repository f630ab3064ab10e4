import Contract

/// Guests for people, at 80 columns: a line each, and why where something is wrong.
public struct FleetStatusText {
    private let fleet: String
    private let guests: [GuestStatus]

    public init(fleet: String, _ guests: [GuestStatus]) {
        self.fleet = fleet
        self.guests = guests
    }

    /// Its lines, without control characters.
    public var lines: [String] {
        guard !guests.isEmpty else { return ["Fleet \(fleet): no guests."] }
        let header = ["GUEST", "STATE", "GPUS", "SSH", "UP", "IMAGE"]
        let rows = guests.map { guest in
            [
                guest.name, state(guest), guest.gpus.isEmpty ? "-" : guest.gpus.joined(separator: ","),
                guest.sshPort.map { "\($0)" } ?? "-", guest.uptimeSeconds.map(Self.span) ?? "-",
                guest.golden.map { String($0.prefix(12)) } ?? "-",
            ].map { Printable.line($0, limit: 60) }
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        var lines = ["Fleet \(fleet)"]
        for (place, row) in ([header] + rows).enumerated() {
            let cells = row.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }
            lines.append(Self.trimmed("  " + cells.joined(separator: "  ")))
            if place > 0 {
                lines += guests[place - 1].words.prefix(2).map { "      \(Printable.line($0, limit: 300))" }
            }
        }
        let counts = GuestStatus.State.allCases.compactMap { state -> String? in
            let count = guests.count { $0.state == state }
            return count > 0 ? "\(count) \(state.rawValue)" : nil
        }
        return lines + [
            "\(guests.count == 1 ? "1 guest" : "\(guests.count) guests"): \(counts.joined(separator: ", "))."
        ]
    }

    private func state(_ guest: GuestStatus) -> String {
        guest.task.map { "\(guest.state.rawValue) (\($0.rawValue))" } ?? guest.state.rawValue
    }

    /// 42s, 5m, 3h, 12d.
    static func span(_ seconds: Double) -> String {
        for (unit, length) in [("d", 86_400.0), ("h", 3600), ("m", 60)] where seconds >= length {
            return "\(Int(seconds / length))\(unit)"
        }
        return "\(Int(seconds))s"
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
