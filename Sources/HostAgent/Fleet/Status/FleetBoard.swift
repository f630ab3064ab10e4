import Contract
import Provisioner

/// What a person sees of a fleet that is worked on: lines that stay, and a live part under them. Pure; times are seconds.
public struct FleetBoard: Sendable {
    private struct Task: Sendable {
        var subject: FleetEvent.Subject
        var what: String
        var began: Double
        var words = ""
    }

    private let guests: Int
    private let began: Double
    private var tasks: [Task] = []
    private var done = 0
    private var failed = 0

    /// A board of a plan that is begun `now`.
    public init(_ plan: FleetPlan, now: Double) {
        guests = plan.guests.count - plan.count(.none)
        began = now
    }

    // MARK: What happens; each returns the lines that stay.

    public mutating func begin(_ subject: FleetEvent.Subject, _ what: String, now: Double) -> [String] {
        tasks.removeAll { $0.subject == subject }
        tasks.append(Task(subject: subject, what: what, began: now))
        return [stamp(now) + "\(Self.name(subject)): \(what)"]
    }

    /// Words of a task. `stays`: worth a line in a log.
    public mutating func say(_ subject: FleetEvent.Subject, _ words: String, stays: Bool, now: Double) -> [String] {
        let words = Printable.line(words, limit: 300)
        if let place = tasks.firstIndex(where: { $0.subject == subject }) { tasks[place].words = words }
        return stays ? [stamp(now) + "\(Self.name(subject)): \(words)"] : []
    }

    public mutating func end(_ subject: FleetEvent.Subject, _ end: FleetEvent.End, now: Double) -> [String] {
        let task = tasks.first { $0.subject == subject }
        tasks.removeAll { $0.subject == subject }
        let isGuest = if case .guest = subject { true } else { false }
        let line: String
        switch end {
        case .done(let start):
            if isGuest { done += 1 }
            let seconds = task.map { " (\(Self.span(now - $0.began)))" } ?? ""
            line =
                "\(task?.what ?? "task") done" + seconds + (start.map { ", SSH on port \($0.sshPort)" } ?? "")
                + (start?.proof.map { $0.isSimulated ? ", CUDA works (GPU simulated)" : ", CUDA works" } ?? "")
        case .failed(let failure):
            if isGuest { failed += 1 }
            line = "FAILED: \(Printable.line(failure.message, limit: 300))"
        case .resting(let failure, let seconds):
            line = "failed, tried again in \(Int(seconds)) s: \(Printable.line(failure.message, limit: 300))"
        case .interrupted: line = "put down; the same command goes on with it"
        }
        return [stamp(now) + "\(Self.name(subject)): \(line)"]
    }

    // MARK: What is

    /// The live part: how far it is, then what is being done, as many as fit `height` lines, none wider than `width`.
    public func live(width: Int, height: Int, now: Double) -> [String] {
        var head = "\(done) of \(guests) guests done"
        if failed > 0 { head += ", \(failed) failed" }
        head += ", \(tasks.count) at work, \(Self.span(now - began))"
        var lines = [head]
        let room = max(0, height - 2)
        let names = tasks.prefix(room).map { Self.name($0.subject) }
        let column = min(24, names.map(\.count).max() ?? 0)
        for (task, name) in zip(tasks, names) {
            let cell = name.count > column ? String(name.prefix(column - 1)) + "…" : name
            let span = Self.span(now - task.began)
            lines.append(
                "  \(cell)\(String(repeating: " ", count: column - cell.count))  "
                    + "\(String(repeating: " ", count: max(0, 5 - span.count)))\(span)  \(task.what): \(task.words)")
        }
        if tasks.count > room { lines.append("  and \(tasks.count - room) more") }
        return lines.map { String($0.prefix(width)) }
    }

    private static func name(_ subject: FleetEvent.Subject) -> String {
        switch subject {
        case .golden(let digest): "golden \(digest.prefix(12))"
        case .guest(let name): name
        }
    }

    private func stamp(_ now: Double) -> String {
        let span = Self.span(now - began)
        return String(repeating: " ", count: max(0, 5 - span.count)) + span + " "
    }

    /// 1:05.
    private static func span(_ seconds: Double) -> String {
        let whole = max(0, Int(seconds))
        return "\(whole / 60):\(whole % 60 < 10 ? "0" : "")\(whole % 60)"
    }
}
