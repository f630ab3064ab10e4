import Contract
import Passthrough
public import Provisioner

/// A guest's job as `fleet status --engine slurm` shows it.
public struct SlurmGuestStatus: Codable, Equatable, Sendable {
    public var name: String
    /// absent, waiting, starting, running, ended, failed or settling (its job is over, and what it wrote is not to be seen yet).
    public var state: String
    /// The array element, as Slurm's commands take it.
    public var job: String?
    public var node: String?
    /// PCI addresses on the node.
    public var gpus: [String]
    /// On 127.0.0.1 of the node.
    public var sshPort: UInt16?
    public var bootSeconds: Double?
    /// That CUDA works in it; nil where it was not asked.
    public var proof: MachineProof?
    /// Why it waits (Slurm's word), or why it failed.
    public var words: String?

    public init(_ name: String, _ state: SlurmGuestState) {
        self.name = name
        gpus = []
        switch state {
        case .absent: self.state = "absent"
        case .waiting(let reason):
            self.state = "waiting"
            // Slurm's word for no reason, or none yet.
            if reason != "None" { words = reason }
        case .starting(let node):
            self.state = "starting"
            self.node = node
        case .running(let result):
            self.state = "running"
            job = result.job
            node = result.node
            gpus = result.gpus.map(\.description)
            sshPort = result.sshPort
            bootSeconds = result.bootSeconds
            proof = result.proof
        case .ended: self.state = "ended"
        case .failed(let failure):
            self.state = "failed"
            words = failure.message
        case .settling: self.state = "settling"
        }
    }

    /// Guests for people: a line each.
    public static func table(_ guests: [SlurmGuestStatus], fleet: String) -> [String] {
        guard !guests.isEmpty else { return ["Fleet \(fleet): no guests."] }
        let rows =
            [["GUEST", "STATE", "NODE", "JOB", "GPUS", "SSH"]]
            + guests.map { guest in
                [
                    guest.name, guest.state, guest.node ?? "-", guest.job ?? "-",
                    guest.gpus.isEmpty ? "-" : guest.gpus.joined(separator: ","), guest.sshPort.map { "\($0)" } ?? "-",
                ].map { Printable.line($0, limit: 60) }
            }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = ["Fleet \(fleet)"]
        for (place, row) in rows.enumerated() {
            let cells = row.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }
            lines.append("  " + String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()))
            if place > 0, let words = guests[place - 1].words {
                lines.append("      \(Printable.line(words, limit: 300))")
            }
        }
        return lines
    }

    /// A line for what is told while a fleet is followed; nil for what is worth none.
    public static func line(_ news: SlurmNews) -> String? {
        switch news {
        case .state(let guest, let state):
            let status = SlurmGuestStatus(guest, state)
            let place = status.node.map { " on \($0)" } ?? ""
            return Printable.line(
                "\(guest): \(status.state)\(place)\(status.words.map { ": \($0)" } ?? "")", limit: 300)
        case .event(let guest, let event):
            return event.kind == "progress" ? Printable.line("\(guest): \(event.message)", limit: 300) : nil
        case .cutOff(let guest):
            return Printable.line("\(guest): did not power off in time, and was cut off", limit: 300)
        case .silence(let reason):
            return Printable.line("Slurm does not answer, and is asked again: \(reason)", limit: 300)
        }
    }
}
