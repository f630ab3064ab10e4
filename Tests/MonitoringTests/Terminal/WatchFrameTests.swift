import GPUReadings
import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

/// Whole frames, compared with Fixtures/golden/telemetry/watch. `UPDATE_GOLDEN=1 swift test --filter WatchFrameTests` writes them
/// anew; look at the difference.
struct WatchFrameTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var columns = 80
        var rows = 24
        var keys: [Key] = []
        var fleet = SimulatedFleet(historyPoints: 600)
        var isUnicode = true
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "gpus-80x24"),
        Case(name: "gpus-160x40", columns: 160, rows: 40),
        Case(name: "gpus-ascii", isUnicode: false),
        Case(name: "gpus-40x10", columns: 40, rows: 10, keys: [.down, .down]),
        Case(name: "gpu-80x24", keys: [.down, .enter]),
        Case(name: "gpu-160x45", columns: 160, rows: 45, keys: [.down, .enter]),
        Case(name: "gpu-lost", keys: [.end, .up, .up, .up, .up, .up, .up, .up, .up, .up, .down, .enter]),
        Case(
            name: "gpu-hung-ascii",
            keys: [.character("/"), .character("h"), .character("u"), .character("n"), .enter, .down, .enter],
            isUnicode: false),
        Case(name: "processes", keys: [.tab]),
        Case(name: "events", keys: [.backTab]),
        Case(name: "help", keys: [.character("?")]),
        Case(name: "filter", keys: [.character("/"), .character("l"), .character("4"), .character("0")]),
        Case(name: "by-temperature", keys: [.character("s"), .character("s"), .character("s")]),
        Case(
            name: "fleet-folded", keys: [.down, .down, .enter],
            fleet: SimulatedFleet(machines: 200, gpus: 8, historyPoints: 30)),
        Case(name: "nothing-found", keys: [.character("/"), .character("z"), .character("q"), .enter]),
    ]

    @Test(arguments: cases) func looksAsItDid(_ test: Case) throws {
        let size = TerminalSize(columns: test.columns, rows: test.rows)
        var model = WatchModel(capabilities: TerminalCapabilities(colours: .none, isUnicode: test.isUnicode))
        model.receive(test.fleet.snapshot(at: 60))
        for key in test.keys { #expect(model.press(key, size: size) == nil) }
        let frame = model.frame(size: size)
        if !test.isUnicode { #expect(frame.text.utf8.allSatisfy { $0 < 0x7f }) }
        try PackageFiles.expectGolden(frame.text, "telemetry/watch/\(test.name).txt")
    }

    /// However small or large the terminal is, and whatever is shown in it.
    @Test func everySizeIsDrawn() {
        let snapshot = SimulatedFleet(historyPoints: 30).snapshot(at: 60)
        let sizes = [(1, 1), (2, 2), (3, 5), (10, 3), (20, 4), (37, 12), (79, 24), (97, 25), (131, 70), (400, 120)]
        for (columns, rows) in sizes {
            let size = TerminalSize(columns: columns, rows: rows)
            for keys in [[], [.down, .enter], [.tab], [.backTab], [.character("?")], [.end, .character("/")]] as [[Key]]
            {
                var model = WatchModel(capabilities: TerminalCapabilities(colours: .many, isUnicode: true))
                model.receive(snapshot)
                for key in keys { _ = model.press(key, size: size) }
                let frame = model.frame(size: size)
                #expect(frame.cells.count == columns * rows)
                for row in 0..<rows { #expect(frame.row(row).reduce(0) { $0 + Int($1.width) } == columns) }
            }
        }
    }

    @Test func guestsCannotDrawOutsideTheirPlace() {
        var snapshot = SimulatedFleet(machines: 2, gpus: 1, hasTroubles: false).snapshot(at: 60)
        let evil = "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}x\u{9b}31m界界\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\n\r\u{8}"
        snapshot.machines[0].name = evil
        snapshot.machines[0].sample?.driverVersion = evil
        snapshot.machines[0].sample?.gpus[0].name = evil
        snapshot.machines[0].sample?.gpus[0].numbers[.powerDrawWatts] = 1e300
        snapshot.machines[0].sample?.gpus[0].numbers[.utilizationGPUPercent] = -1e300
        snapshot.machines[0].sample?.gpus[0].numbers[.memoryUsedBytes] = 1e308
        snapshot.machines[0].sample?.gpus[0].processes = [ProcessSample(pid: .max, name: evil, type: evil)]
        snapshot.machines[0].events = [
            TimedXid(time: -1e300, event: XidEvent(code: .min, pciAddress: evil, text: evil))
        ]
        snapshot.machines[0].xidCounts = [XidKey(pciAddress: "", code: 1): 1]
        let size = TerminalSize(columns: 120, rows: 30)
        for keys in [[], [.down, .enter], [.tab], [.backTab]] as [[Key]] {
            var model = WatchModel(capabilities: TerminalCapabilities(colours: .none, isUnicode: true))
            model.receive(snapshot)
            for key in keys { _ = model.press(key, size: size) }
            let frame = model.frame(size: size)
            for cell in frame.cells {
                #expect(cell.character.unicodeScalars.count <= 4)
                #expect(
                    cell.character.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
            }
            for row in 0..<30 { #expect(frame.row(row).reduce(0) { $0 + Int($1.width) } == 120) }
            #expect(frame.text.contains("界界"))
        }
    }

    @Test func coloursSayWhatIsWrong() {
        var model = WatchModel(capabilities: TerminalCapabilities(colours: .many, isUnicode: true))
        model.receive(SimulatedFleet().snapshot(at: 60))
        let frame = model.frame(size: TerminalSize(columns: 80, rows: 24))
        func colours(_ row: Int) -> Set<CellStyle.Colour> {
            Set(frame.row(row).filter { $0.character != " " }.map(\.style.colour))
        }
        #expect(colours(3).contains(.good) && !colours(3).contains(.hot))
        // 85 of 92 °C is near the limit.
        #expect(colours(6).contains(.warm))
        #expect(colours(9).contains(.hot))
        // Hung: what is old is faint, but for the mark of what is selected.
        #expect(colours(12) == [.faint])
    }
}
