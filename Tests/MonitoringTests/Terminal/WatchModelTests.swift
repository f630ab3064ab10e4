import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

/// What the keys do.
struct WatchModelTests {
    private let size = TerminalSize(columns: 80, rows: 24)

    private func model(_ fleet: SimulatedFleet = SimulatedFleet(historyPoints: 5)) -> WatchModel {
        var model = WatchModel(capabilities: TerminalCapabilities(colours: .none, isUnicode: true))
        model.receive(fleet.snapshot(at: 60))
        return model
    }

    private func pressed(_ keys: [Key], _ fleet: SimulatedFleet = SimulatedFleet(historyPoints: 5)) -> WatchModel {
        var model = model(fleet)
        for key in keys {
            _ = model.press(key, size: size)
            _ = model.frame(size: size)
        }
        return model
    }

    @Test func selectionGoesThroughTheList() {
        #expect(pressed([]).state.selected == .machine("train-01"))
        #expect(pressed([.down]).state.selected == .gpu("train-01", 0))
        #expect(pressed([.character("j"), .character("j"), .character("k")]).state.selected == .gpu("train-01", 0))
        #expect(pressed([.up]).state.selected == .machine("train-01"))
        #expect(pressed([.end]).state.selected == .machine("spare-01"))
        #expect(pressed([.end, .character("g")]).state.selected == .machine("train-01"))
        #expect(pressed([.character("G"), .down]).state.selected == .machine("spare-01"))
    }

    @Test func aMachineIsFoldedAndOpened() {
        #expect(pressed([.down, .left]).state.selected == .machine("train-01"))
        #expect(pressed([.down, .left]).rows.count == 14)
        #expect(pressed([.down, .left, .right]).rows.count == 16)
        #expect(pressed([.down, .up, .enter]).rows.count == 14)
        #expect(pressed([.character("c")]).rows.count == 6)
        #expect(pressed([.character("c"), .character("c")]).rows.count == 16)
    }

    @Test func aFleetBeginsFolded() {
        let fleet = SimulatedFleet(machines: 200, gpus: 8, historyPoints: 1)
        #expect(pressed([], fleet).rows.count == 200)
        let opened = pressed([.character("c")], fleet)
        // All but the stopped ones, 33 of 200.
        #expect(opened.rows.count == 200 + 167 * 8)
        #expect(pressed([.character("c"), .end], fleet).state.top == opened.rows.count - 21)
    }

    @Test func detailsAreOfOneGPU() {
        #expect(pressed([.down, .enter]).state.detail == .gpu("train-01", 0))
        #expect(pressed([.down, .enter, .down, .down]).state.detail == .gpu("infer-01", 0))
        #expect(pressed([.down, .enter, .escape]).state.detail == nil)
        #expect(pressed([.down, .enter, .character("q")]).state.detail == nil)
        var model = pressed([.down, .enter])
        #expect(model.press(.control("c"), size: size) == .quit)
    }

    @Test func aProgramLeadsToItsGPU() {
        let model = pressed([.tab, .down, .down, .enter])
        #expect(model.state.tab == .gpus && model.state.detail == .gpu("train-01", 1))
    }

    @Test func theFilterIsTyped() {
        let keys = "/LAB".map { Key.character($0) }
        #expect(pressed(keys).rows.map(\.id) == [.machine("lab-01"), .gpu("lab-01", 0), .gpu("lab-01", 1)])
        #expect(pressed(keys + [.backspace, .backspace]).state.filter == "L")
        #expect(pressed(keys + [.enter, .character("q")]).state.filter == "LAB")
        #expect(pressed(keys + [.escape]).state.filter.isEmpty)
        #expect(pressed(keys + [.enter, .escape]).rows.count == 16)
        // q is a letter there.
        #expect(pressed([.character("/"), .character("q")]).state.filter == "q")
        #expect(pressed("/hung".map { Key.character($0) }).rows.first?.id == .machine("batch-01"))
        // A GPU's own name shows that GPU alone, and opens what is folded.
        #expect(pressed("c/L40S".map { Key.character($0) }).rows.count == 3)
    }

    @Test func sortingKeepsMachinesTogether() {
        let byHeat = pressed([.character("s"), .character("s"), .character("s")])
        #expect(byHeat.state.sort == .temperature && byHeat.rows.first?.id == .machine("infer-01"))
        #expect(byHeat.rows[1].id == .gpu("infer-01", 0) && byHeat.rows.last?.id == .machine("spare-01"))
        #expect(pressed([Key](repeating: .character("s"), count: 5)).state.sort == .name)
    }

    @Test func frozenIsFrozen() {
        var model = pressed([.character(" ")])
        let moment = model.snapshot?.time
        model.receive(SimulatedFleet().snapshot(at: 99))
        model.tick(now: SimulatedFleet.start + 120)
        #expect(model.snapshot?.time == moment)
        #expect(model.frame(size: size).text.contains("FROZEN"))
        _ = model.press(.character(" "), size: size)
        #expect(model.snapshot?.time == SimulatedFleet.start + 99)
        model.tick(now: SimulatedFleet.start + 120)
        #expect(model.snapshot?.time == SimulatedFleet.start + 120)
    }

    @Test func silenceAges() {
        var model = model(SimulatedFleet(machines: 1, gpus: 1, hasTroubles: false, historyPoints: 5))
        model.tick(now: SimulatedFleet.start + 67)
        #expect(model.frame(size: size).text.contains("stale: the newest sample is 7 s old"))
        model.tick(now: SimulatedFleet.start + 80)
        #expect(model.frame(size: size).text.contains("silent: nothing heard for 20 s"))
    }

    @Test func whatIsSelectedStaysSelected() {
        var model = pressed([.down, .down, .down, .down])
        #expect(model.state.selected == .gpu("infer-01", 0))
        var snapshot = SimulatedFleet().snapshot(at: 61)
        snapshot.machines.removeFirst()
        model.receive(snapshot)
        #expect(model.state.selected == .gpu("infer-01", 0))
        snapshot.machines[0].sample?.gpus = []
        model.receive(snapshot)
        #expect(model.state.selected == .machine("infer-01"))
        model.receive(TelemetrySnapshot(time: snapshot.time, machines: []))
        #expect(model.state.selected == nil && model.frame(size: size).text.contains("no machines"))
    }

    @Test func actionsAreTheRims() {
        var model = model()
        #expect(model.press(.character("q"), size: size) == .quit)
        #expect(model.press(.control("z"), size: size) == .suspend)
        #expect(model.press(.control("l"), size: size) == .redraw)
        // Help is left by any key, which does nothing else.
        #expect(model.press(.character("?"), size: size) == nil)
        #expect(model.press(.character("q"), size: size) == nil)
        #expect(!model.state.isHelpShown)
    }
}
