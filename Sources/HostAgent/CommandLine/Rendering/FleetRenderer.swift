import Contract
import Fleet
import FoundationEssentials
import Provisioner
import Synchronization

/// A fleet's progress on stderr: plain lines in a pipe; on a terminal these, and a live part under them.
final class FleetRenderer: Sendable {
    private struct State {
        var board: FleetBoard
        /// Lines of the live part that is shown.
        var shown = 0
        /// So that times go on while nothing is told.
        var clock: Task<Void, Never>?
        var isFinished = false
    }

    private let quiet: Bool
    private let state: Mutex<State>

    init(_ plan: FleetPlan, quiet: Bool) {
        self.quiet = quiet
        state = Mutex(State(board: FleetBoard(plan, now: Self.now)))
        guard Terminal.isLive, !quiet else { return }
        let clock = Task { [weak self] in
            while (try? await Task.sleep(for: .seconds(1))) != nil { self?.repaint([]) }
        }
        state.withLock { $0.clock = clock }
    }

    private static var now: Double { Date().timeIntervalSince1970 }

    func show(_ event: FleetEvent) {
        guard !quiet else { return }
        let now = Self.now
        let lines = state.withLock { state -> [String] in
            switch event {
            case .began(let subject, let what): return state.board.begin(subject, what, now: now)
            case .ended(let subject, let end): return state.board.end(subject, end, now: now)
            case .progress(let subject, let progress):
                guard let words = ProgressWords(progress) else { return [] }
                return state.board.say(subject, words.text, stays: words.stays, now: now)
            }
        }
        repaint(lines)
    }

    /// Clears the live part.
    func finish() {
        state.withLock { state in
            state.clock?.cancel()
            state.isFinished = true
            Terminal.raw(Self.clearing(state.shown))
            state.shown = 0
        }
    }

    private func repaint(_ lines: [String]) {
        state.withLock { state in
            guard !state.isFinished else { return }
            let width = Terminal.width
            var text = lines.flatMap { Wrapped.lines($0, indent: "        ", width: width) }.map { $0 + "\n" }.joined()
            guard Terminal.isLive else { return Terminal.raw(text) }
            let live = state.board.live(width: width - 1, height: Terminal.height, now: Self.now)
            text = Self.clearing(state.shown) + text + live.joined(separator: "\n")
            state.shown = live.count
            Terminal.raw(text)
        }
    }

    /// Takes the live part away and leaves the cursor at its begin.
    private static func clearing(_ lines: Int) -> String {
        guard lines > 0 else { return "" }
        return "\r" + (lines > 1 ? "\u{1b}[\(lines - 1)A" : "") + "\u{1b}[J"
    }
}
