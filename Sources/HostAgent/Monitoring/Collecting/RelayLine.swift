import Contract
import FoundationEssentials
import Telemetry

/// A line of the relay, by which the process that hears the machines passes their words on to others of the same user:
///
///     NAME TAB TIME TAB {…}                    a line of the machine's, as it came, and when (seconds since 1970)
///     NAME TAB TIME TAB =connected             how it is reached since then; =stopped, =waiting WHY, =gone
struct RelayLine: Equatable {
    enum Content: Equatable {
        case message([UInt8])
        case link(TelemetryLink)
        /// The machine is no more.
        case gone
    }

    var machine: String
    var time: Double
    var content: Content

    /// Longer than a machine's by what stands in front of it.
    static let limit = TelemetryLimits.line + 1024

    /// With its newline.
    var bytes: [UInt8] {
        var bytes = Self.prefix(machine, time)
        switch content {
        case .message(let line): bytes += line
        case .link(.connected): bytes += "=connected".utf8
        case .link(.stopped): bytes += "=stopped".utf8
        case .link(.waiting(let why)): bytes += "=waiting \(Printable.line(why, limit: TelemetryLimits.text))".utf8
        case .gone: bytes += "=gone".utf8
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    static func prefix(_ machine: String, _ time: Double) -> [UInt8] {
        Array("\(Printable.line(machine, limit: TelemetryLimits.text))\t\(time)\t".utf8)
    }

    init(machine: String, time: Double, _ content: Content) {
        self.machine = machine
        self.time = time
        self.content = content
    }

    /// Nil for what is none.
    init?(_ bytes: some Sequence<UInt8>) {
        let parts = Array(bytes).split(separator: UInt8(ascii: "\t"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let time = Double(String(decoding: parts[1], as: UTF8.self)),
            time.isFinite, let first = parts[2].first
        else { return nil }
        machine = Printable.line(parts[0], limit: TelemetryLimits.text)
        self.time = time
        if first == UInt8(ascii: "{") {
            content = .message(Array(parts[2]))
            return
        }
        let word = String(decoding: parts[2], as: UTF8.self)
        switch word {
        case "=connected": content = .link(.connected)
        case "=stopped": content = .link(.stopped)
        case "=gone": content = .gone
        case let word where word.hasPrefix("=waiting "):
            content = .link(.waiting(Printable.line(word.dropFirst(9), limit: TelemetryLimits.text)))
        default: return nil
        }
    }

    /// All that a new listener needs to know of a machine: each with the time at which it was so.
    static func introduction(of machine: MachineTelemetry) -> [[UInt8]] {
        var lines: [RelayLine] = []
        func tell(_ message: TelemetryMessage, at time: Double) {
            guard let line = try? TelemetryLine.encode(message) else { return }
            lines.append(RelayLine(machine: machine.name, time: time, .message(line)))
        }
        lines.append(RelayLine(machine: machine.name, time: machine.linkedAt ?? 0, .link(machine.link)))
        let heard = machine.heardAt ?? 0
        if let hello = machine.hello { tell(TelemetryMessage(body: .hello(hello)), at: heard) }
        for event in machine.events { tell(TelemetryMessage(body: .xid(event.event)), at: event.time) }
        if let sample = machine.sample, let at = machine.sampledAt {
            tell(TelemetryMessage(sequence: machine.lastSequence, body: .sample(sample)), at: at)
        }
        if let status = machine.status { tell(TelemetryMessage(body: .status(status)), at: heard) }
        return lines.map(\.bytes)
    }
}
