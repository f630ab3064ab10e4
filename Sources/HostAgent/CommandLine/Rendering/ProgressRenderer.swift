import Contract
import Glibc
import Provisioner
import Synchronization

/// Progress on stderr: plain lines in a pipe, one live line under them on a terminal.
final class ProgressRenderer: Sendable {
    private struct State {
        var live = ""
        var step: StepID?
        var stepBegan = ContinuousClock.now
        var transferred: (name: String, tenth: Int)?
    }

    private let quiet: Bool
    private let state = Mutex(State())
    private let began = ContinuousClock.now

    init(quiet: Bool) {
        self.quiet = quiet
    }

    func show(_ progress: Progress) {
        guard !quiet else { return }
        switch progress {
        case .phase(let text): line("== \(text)")
        case .note(let text): line("   \(text)")
        case .warning(let text): line("   warning: \(text)")
        case .transfer(let name, let done, let total): transfer(name, done, total)
        case .guest(let record): show(record.event)
        }
    }

    /// Clears the live line.
    func finish() {
        state.withLock { state in
            if !state.live.isEmpty { Terminal.raw("\r\u{1b}[K") }
            state.live = ""
        }
    }

    private func show(_ event: Event) {
        switch event {
        case .stepSatisfied(let id, let evidence): line("   \(id): done already\(Self.because(evidence.first))")
        case .stepStarted(let id, let reason): line("   \(id): \(Printable.line(reason))")
        case .progress(let id, let message): live("   \(id): \(Printable.line(message))")
        case .stepVerified(let id, let evidence): line("   \(id): ok\(Self.because(evidence.first))")
        case .rebootRequested(let id, let reason): line("   \(id): the guest reboots: \(Printable.line(reason))")
        case .hostNeeded(let id, _, let reason): line("   \(id): needs the host: \(Printable.line(reason))")
        case .warning(_, let message): line("   warning: \(Printable.line(message))")
        case .stepFailed(let id, let failure): line("   \(id): FAILED: \(Printable.line(failure.message))")
        case .inspected(let facts):
            line(
                "   guest: \(Printable.line(facts.osName)), kernel \(Printable.line(facts.kernel)), \(facts.cpus) CPUs")
        case .planAccepted, .agentStarted, .output, .stepApplied, .finished, .unknown: break
        }
    }

    /// On a terminal as it goes; a pipe gets a line for each tenth of a large file.
    private func transfer(_ name: String, _ done: Int64, _ total: Int64) {
        let percent = total > 0 ? done * 100 / total : 100
        let text = "   \(Printable.line(name)): \(done >> 20) of \(total >> 20) MiB (\(percent) %)"
        if Terminal.isLive { return live(text) }
        guard total >= 16 << 20 else { return }
        let tenth = Int(percent / 10)
        let isNew = state.withLock { state in
            defer { state.transferred = (name, tenth) }
            return state.transferred.map { $0.name != name || $0.tenth != tenth } ?? true
        }
        if isNew { line(text) }
    }

    private static func because(_ evidence: String?) -> String {
        evidence.map { " (\(Printable.line($0)))" } ?? ""
    }

    private func line(_ text: String) {
        let time = (ContinuousClock.now - began).components.seconds
        let stamp = "\(time / 60):\(time % 60 < 10 ? "0" : "")\(time % 60)"
        let prefix = String(repeating: " ", count: max(0, 5 - stamp.count)) + stamp + " "
        state.withLock { state in
            let clear = state.live.isEmpty ? "" : "\r\u{1b}[K"
            state.live = ""
            Terminal.raw(
                clear
                    + Wrapped.lines(prefix + Printable.line(text), indent: "           ", width: Terminal.width).joined(
                        separator: "\n")
                    + "\n")
        }
    }

    private func live(_ text: String) {
        guard Terminal.isLive else { return }
        state.withLock { state in
            state.live = "      " + String(Printable.line(text).prefix(Terminal.width - 8))
            Terminal.raw("\r\u{1b}[K\(state.live)")
        }
    }
}
