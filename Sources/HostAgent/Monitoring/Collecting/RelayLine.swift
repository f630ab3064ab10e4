import Contract
import FoundationEssentials
import Telemetry

/// A line of the relay, by which the process that hears the machines passes their words on to others of the same user:
///
///     NAME TAB TIME TAB {…}                    a line of the machine's, as it came, and when (seconds since 1970)
///     NAME TAB TIME TAB =connected             how it is reached since then; =stopped, =waiting WHY, =gone
///     NAME TAB TIME TAB =past {…}              its errors and losses so far
///     NAME TAB TIME TAB =missed COUNT          so many of its messages were not passed on, for the listener was slow
///     * TAB TIME TAB =introduced               all machines have been told of
///
/// and what belongs to a hand-over (CollectorLoop+HandOver).
struct RelayLine: Equatable {
    enum Content: Equatable {
        case message([UInt8])
        case link(TelemetryLink)
        /// The machine is no more.
        case gone
        case past(RelayedPast)
        case missed(Int)
        /// Machines that were not named are no more.
        case introduced
        /// The machine's socket comes with this.
        case socket(TelemetryLines.Unfinished)
        /// The lock's file and the relay's socket come with this.
        case lock
        case refused
    }

    /// Where a line is no machine's.
    static let nobody = "*"
    /// What a listener says that takes over.
    static let handOver = Array("=hand-over\n".utf8)

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
        case .past(let past):
            bytes += Array("=past ".utf8) + ((try? JSONEncoder().encode(past)).map { Array($0) } ?? [])
        case .missed(let count): bytes += "=missed \(count)".utf8
        case .introduced: bytes += "=introduced".utf8
        case .socket(let unfinished):
            bytes += Array(unfinished.isSkipping ? "=skipping ".utf8 : "=socket ".utf8) + unfinished.bytes
        case .lock: bytes += "=lock".utf8
        case .refused: bytes += "=refused".utf8
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
        let space = parts[2].firstIndex(of: UInt8(ascii: " "))
        let rest = space.map { parts[2][($0 + 1)...] } ?? []
        switch String(decoding: parts[2][..<(space ?? parts[2].endIndex)], as: UTF8.self) {
        case "=connected": content = .link(.connected)
        case "=stopped": content = .link(.stopped)
        case "=waiting": content = .link(.waiting(Printable.line(rest, limit: TelemetryLimits.text)))
        case "=gone": content = .gone
        case "=past":
            guard let past = try? JSONDecoder().decode(RelayedPast.self, from: Data(rest)) else { return nil }
            content = .past(past)
        case "=missed":
            guard let count = Int(String(decoding: rest, as: UTF8.self)), count >= 0 else { return nil }
            content = .missed(count)
        case "=introduced": content = .introduced
        case "=socket": content = .socket(TelemetryLines.Unfinished(bytes: Array(rest), isSkipping: false))
        case "=skipping": content = .socket(TelemetryLines.Unfinished(bytes: Array(rest), isSkipping: true))
        case "=lock": content = .lock
        case "=refused": content = .refused
        default: return nil
        }
    }

    /// All that a new listener needs to know of a machine: each with the time at which it was so.
    static func introduction(of machine: MachineTelemetry) -> [UInt8] {
        var lines: [RelayLine] = []
        func tell(_ message: TelemetryMessage, at time: Double) {
            guard let line = try? TelemetryLine.encode(message) else { return }
            lines.append(RelayLine(machine: machine.name, time: time, .message(line)))
        }
        lines.append(RelayLine(machine: machine.name, time: machine.linkedAt ?? 0, .link(machine.link)))
        let heard = machine.heardAt ?? 0
        if let hello = machine.hello { tell(TelemetryMessage(body: .hello(hello)), at: heard) }
        lines.append(RelayLine(machine: machine.name, time: heard, .past(RelayedPast(of: machine))))
        if let sample = machine.sample, let at = machine.sampledAt {
            tell(TelemetryMessage(sequence: machine.lastSequence, body: .sample(sample)), at: at)
        }
        if let status = machine.status { tell(TelemetryMessage(body: .status(status)), at: heard) }
        return lines.flatMap(\.bytes)
    }
}
