import Telemetry

/// The terminal view as a value: snapshots and keys in, frames out.
struct WatchModel: Sendable {
    /// What the rim is to do after a key.
    enum Action: Equatable, Sendable { case quit, suspend, redraw }

    private(set) var state = WatchState()
    /// What is shown; while frozen, not the newest.
    private(set) var snapshot: TelemetrySnapshot?
    private var newest: TelemetrySnapshot?
    private(set) var rows: [WatchRow] = []
    let capabilities: TerminalCapabilities

    init(capabilities: TerminalCapabilities) {
        self.capabilities = capabilities
    }

    mutating func receive(_ snapshot: TelemetrySnapshot) {
        newest = snapshot
        guard !state.isFrozen || self.snapshot == nil else { return }
        self.snapshot = snapshot
        list()
    }

    /// Time goes on though nothing is heard: ages grow, series move away.
    mutating func tick(now: Double) {
        guard !state.isFrozen, let time = snapshot?.time, now > time else { return }
        snapshot?.time = now
    }

    mutating func press(_ key: Key, size: TerminalSize) -> Action? {
        switch key {
        case .control("c"): return .quit
        case .control("z"): return .suspend
        case .control("l"): return .redraw
        default: break
        }
        if state.isTyping {
            type(key)
        } else if state.isHelpShown {
            // Any key leads back.
            state.isHelpShown = false
        } else if case .character("q") = key {
            if state.detail == nil { return .quit }
            state.detail = nil
        } else {
            move(key, page: max(1, size.rows - WatchFrame.chrome))
        }
        list()
        return nil
    }

    /// The frame for a terminal of this size. Changes only where the list is scrolled to.
    mutating func frame(size: TerminalSize) -> Canvas {
        let height = max(1, size.rows - WatchFrame.chrome)
        if let place = rows.firstIndex(where: { $0.id == state.selected }) {
            if place < state.top { state.top = place }
            // A GPU's machine is read with it.
            if place >= state.top + height { state.top = place - height + 1 }
        }
        state.top = max(0, min(state.top, rows.count - height))
        return WatchFrame.draw(snapshot, rows, state, size: size, capabilities: capabilities)
    }

    // MARK: - Keys

    private mutating func type(_ key: Key) {
        switch key {
        case .enter: state.isTyping = false
        case .escape:
            state.isTyping = false
            state.filter = ""
        case .backspace: state.filter = String(state.filter.dropLast())
        case .control("u"): state.filter = ""
        case .character(let character) where state.filter.count < 60: state.filter.append(character)
        default: break
        }
    }

    private mutating func move(_ key: Key, page: Int) {
        switch key {
        case .up, .character("k"): select(by: -1)
        case .down, .character("j"): select(by: 1)
        case .pageUp, .control("b"): select(by: -page)
        case .pageDown, .control("f"): select(by: page)
        case .home, .character("g"): select(by: -rows.count)
        case .end, .character("G"): select(by: rows.count)
        case .tab: turn(to: 1)
        case .backTab: turn(to: 2)
        case .character("1"): show(.gpus)
        case .character("2"): show(.processes)
        case .character("3"): show(.events)
        case .character("/"):
            state.isTyping = true
            state.detail = nil
        case .character("s"): state.sort = state.sort.next
        case .character("?"), .character("h"): state.isHelpShown = true
        case .character(" "): freeze()
        case .character("c"):
            let gpus = snapshot?.machines.reduce(0) { $0 + ($1.sample?.gpus.count ?? 0) } ?? 0
            state.unfoldsAll = !(state.unfoldsAll ?? (gpus <= WatchState.unfoldLimit))
            state.toggled = []
        case .left: fold(false)
        case .right: fold(true)
        case .enter: enter()
        case .escape, .backspace:
            if state.detail != nil { state.detail = nil } else { state.filter = "" }
        default: break
        }
    }

    private mutating func select(by steps: Int) {
        // In a GPU's details, up and down go through the GPUs.
        let ids = state.detail == nil ? rows.map(\.id) : gpuIDs
        let current = state.detail ?? state.selected
        guard !ids.isEmpty else { return }
        let place = ids.firstIndex { $0 == current } ?? 0
        let next = ids[min(ids.count - 1, max(0, place + steps))]
        state.selected = next
        if state.detail != nil { state.detail = next }
    }

    private var gpuIDs: [WatchRow.ID] {
        rows.map(\.id).filter { if case .gpu = $0 { true } else { false } }
    }

    private mutating func turn(to steps: Int) {
        let count = WatchState.Tab.allCases.count
        show(WatchState.Tab(rawValue: (state.tab.rawValue + steps) % count) ?? .gpus)
    }

    private mutating func show(_ tab: WatchState.Tab) {
        if state.tab != tab {
            state.selected = nil
            state.top = 0
        }
        state.tab = tab
        state.detail = nil
    }

    private mutating func freeze() {
        state.isFrozen.toggle()
        if !state.isFrozen, let newest { snapshot = newest }
    }

    private mutating func fold(_ open: Bool) {
        let name: String
        switch state.selected {
        case .machine(let machine)?: name = machine
        case .gpu(let machine, _)?:
            if open || state.detail != nil { return }
            name = machine
        default: return
        }
        let row = rows.first { $0.id == .machine(name) }
        guard case .machine(let machine, let isOpen)? = row?.content, isOpen != open, machine.sample != nil else {
            return
        }
        state.toggled.formSymmetricDifference([name])
        state.selected = .machine(name)
    }

    private mutating func enter() {
        switch state.selected {
        case .machine(let name)?:
            if case .machine(_, let isOpen)? = rows.first(where: { $0.id == .machine(name) })?.content { fold(!isOpen) }
        case .gpu?: state.detail = state.selected
        case .process(let machine, let gpu, _)?:
            show(.gpus)
            state.unfoldsAll = true
            state.selected = .gpu(machine, gpu)
            state.detail = state.selected
        default: break
        }
    }

    private mutating func list() {
        guard let snapshot else { return }
        rows = WatchRow.list(snapshot, state)
        if let selected = state.selected, rows.contains(where: { $0.id == selected }) { return }
        // A GPU that is folded away leaves its machine selected.
        if case .gpu(let machine, _)? = state.selected, state.detail == nil,
            rows.contains(where: { $0.id == .machine(machine) })
        {
            state.selected = .machine(machine)
        } else if state.detail == nil {
            let place = min(state.top, rows.count - 1)
            state.selected = rows.isEmpty ? nil : rows[max(0, place)].id
        }
    }
}
