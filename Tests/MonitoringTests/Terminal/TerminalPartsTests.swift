import MonitoringFakes
import Testing

@testable import Monitoring

struct LossesTests {
    @Test func onlyWhatWasLostIsNamed() {
        var losses = TelemetryLosses()
        #expect(Words.losses(losses) == nil)
        losses.droppedInGuest = 12
        losses.missed = 3
        #expect(Words.losses(losses) == "12 messages in the guest, 3 messages on their way here")
        (losses.nonsense, losses.floodedBytes) = (1, 9)
        #expect(Words.losses(losses)?.contains("1 lines of nonsense, 9 bytes of a flood") == true)
    }
}

struct KeyDecoderTests {
    @Test(arguments: [
        ("\u{1b}[A", [Key.up]), ("\u{1b}OB", [.down]), ("\u{1b}[1;5C", [.right]),
        ("\u{1b}[5~\u{1b}[6~", [.pageUp, .pageDown]),
        ("\u{1b}[H\u{1b}[4~", [.home, .end]), ("\t\u{1b}[Z", [.tab, .backTab]), ("\r\n", [.enter, .enter]),
        ("\u{3}\u{1a}", [.control("c"), .control("z")]), ("qä界", [.character("q"), .character("ä"), .character("界")]),
        ("\u{7f}\u{8}", [.backspace, .backspace]), ("\u{1b}[?1;2c", []), ("\u{1b}x", [.escape, .character("x")]),
    ])
    func keysAreRead(_ text: String, _ keys: [Key]) {
        var whole = KeyDecoder()
        #expect(whole.push(text.utf8) == keys && !whole.isPending)
        // A byte at a time is the same.
        var pieces = KeyDecoder()
        #expect(text.utf8.flatMap { pieces.push([$0]) } == keys && !pieces.isPending)
    }

    @Test func escapeAloneIsKnownByWhatDoesNotFollow() {
        var decoder = KeyDecoder()
        #expect(decoder.push([0x1b]).isEmpty && decoder.isPending)
        #expect(decoder.flush() == [.escape] && !decoder.isPending)
    }

    @Test func noiseIsNoKeyAndIsBounded() {
        var decoder = KeyDecoder()
        #expect(decoder.push([0xff, 0xc0, 0x80]).isEmpty)
        #expect(decoder.push([UInt8](repeating: UInt8(ascii: "0"), count: 0)).isEmpty)
        #expect(decoder.push(Array("\u{1b}[".utf8) + [UInt8](repeating: UInt8(ascii: "1"), count: 500)).isEmpty)
        #expect(decoder.push(Array("a".utf8)) == [.character("a")])
    }
}

struct TerminalCapabilitiesTests {
    @Test(arguments: [
        (["TERM": "xterm-256color", "LANG": "de_DE.UTF-8"], TerminalCapabilities(colours: .many, isUnicode: true)),
        (["TERM": "xterm", "LANG": "C"], TerminalCapabilities(colours: .sixteen, isUnicode: false)),
        (
            ["TERM": "xterm", "COLORTERM": "truecolor", "LC_ALL": "C", "LANG": "C.UTF-8"],
            TerminalCapabilities(colours: .many, isUnicode: false)
        ),
        (
            ["TERM": "xterm-256color", "NO_COLOR": "1", "LC_CTYPE": "C.utf8"],
            TerminalCapabilities(colours: .none, isUnicode: true)
        ),
        (["TERM": "xterm-256color", "NO_COLOR": ""], TerminalCapabilities(colours: .many, isUnicode: false)),
        (["TERM": "dumb", "LANG": "C.UTF-8"], TerminalCapabilities(colours: .none, isUnicode: false, canMove: false)),
        ([:], TerminalCapabilities(colours: .none, isUnicode: false, canMove: false)),
        (["TERM": "linux", "LANG": "C.UTF-8"], TerminalCapabilities(colours: .sixteen, isUnicode: false)),
    ])
    func theEnvironmentTells(_ environment: [String: String], _ expected: TerminalCapabilities) {
        #expect(TerminalCapabilities(environment: environment) == expected)
    }
}

struct CharacterWidthTests {
    @Test(arguments: [
        ("a", 1), ("é", 1), ("e\u{301}", 1), ("界", 2), ("한", 2), ("Ａ", 2), ("👍", 2), ("█", 1), ("⣿", 1),
        ("\u{200b}", 0), ("\u{7}", 0),
    ])
    func widths(_ text: Character, _ width: Int) { #expect(CharacterWidth.of(text) == width) }
}

struct CanvasTests {
    @Test func aWideCharacterIsNeverCutInTwo() {
        var canvas = Canvas(size: TerminalSize(columns: 6, rows: 1), isUnicode: true)
        canvas.put("ab界界", at: 0, 0, end: 5)
        #expect(canvas.text == "ab界…\n")
        canvas.put("a界界界", at: 0, 0, end: 6)
        #expect(canvas.text == "a界界…\n")
        #expect(canvas.row(0).reduce(0) { $0 + Int($1.width) } == 6)
    }

    @Test func asciiIsASCII() {
        var canvas = Canvas(size: TerminalSize(columns: 8, rows: 1), isUnicode: false)
        canvas.put("näme of it", at: 0, 0)
        #expect(canvas.text == "n?me of~\n")
    }
}

struct GaugeTests {
    @Test func barsAreExactToAnEighth() {
        #expect(Gauge.bar(0.5, width: 4, isUnicode: true) == ("██", "  "))
        #expect(Gauge.bar(0.53125, width: 4, isUnicode: true) == ("██▏", " "))
        #expect(Gauge.bar(0.001, width: 4, isUnicode: true) == ("▏", "   "))
        #expect(Gauge.bar(0, width: 4, isUnicode: true) == ("", "    "))
        #expect(
            Gauge.bar(7, width: 2, isUnicode: true) == ("██", "")
                && Gauge.bar(.nan, width: 2, isUnicode: true) == ("", "  "))
        #expect(Gauge.bar(0.5, width: 4, isUnicode: false) == ("||", ".."))
    }

    @Test func chartsShowWhatIsKnown() {
        #expect(Gauge.chart([0, 1], width: 1, height: 1, isUnicode: true) == ["⣸"])
        #expect(Gauge.chart([nil, nil, 0.5, 0.5], width: 2, height: 1, isUnicode: true) == [" ⣤"])
        #expect(Gauge.chart([1], width: 2, height: 2, isUnicode: true) == [" ⢸", " ⢸"])
        #expect(Gauge.chart([nil, 0.1, 1], width: 3, height: 1, isUnicode: false) == [" .:"])
    }

    @Test func aSeriesThatEndedMovesAway() {
        let points = (0..<10).map {
            GPUHistory.Point(
                time: Double($0), utilizationPercent: Float($0), memoryPercent: 0, temperatureCelsius: .nan,
                powerWatts: 0)
        }
        func values(_ now: Double, count: Int = 4, step: Double = 1) -> [Double?] {
            Gauge.resample(points, of: \.utilizationPercent, count: count, step: step, now: now)
        }
        #expect(values(9.5) == [6, 7, 8, 9])
        #expect(values(12.5) == [9, nil, nil, nil])
        #expect(values(99) == [nil, nil, nil, nil])
        #expect(values(9.5, count: 2, step: 2) == [6.5, 8.5])
        #expect(Gauge.resample(points, of: \.temperatureCelsius, count: 2, step: 1, now: 9) == [nil, nil])
    }

    @Test func oneStepWithoutASampleIsNoHole() {
        let times = [0.0, 1, 3, 6]
        let points = times.map {
            GPUHistory.Point(
                time: $0, utilizationPercent: Float($0), memoryPercent: 0, temperatureCelsius: 0, powerWatts: 0)
        }
        let values = Gauge.resample(points, of: \.utilizationPercent, count: 7, step: 1, now: 6.5)
        #expect(values == [0, 1, 2, 3, nil, nil, 6])
    }
}

struct FrameWriterTests {
    /// What a terminal shows that gets these bytes: cursor moves and characters alone.
    private struct Screen {
        var rows: [[Character]]

        init(_ size: TerminalSize) {
            rows = [[Character]](repeating: [Character](repeating: " ", count: size.columns), count: size.rows)
        }

        mutating func show(_ bytes: [UInt8]) throws {
            var rest = Substring(String(decoding: bytes, as: UTF8.self))
            var place = (row: 0, column: 0)
            while let character = rest.first {
                if let match = rest.prefixMatch(of: /\u{1b}\[(\?2026[hl]|[0-9;]*[HJm])/) {
                    rest = rest[match.range.upperBound...]
                    let code = match.1
                    if code.hasSuffix("J") { self = Screen(TerminalSize(columns: rows[0].count, rows: rows.count)) }
                    if code.hasSuffix("H") {
                        let numbers = code.dropLast().split(separator: ";").compactMap { Int($0) }
                        place = (try #require(numbers.first) - 1, try #require(numbers.last) - 1)
                    }
                    continue
                }
                rows[place.row][place.column] = character
                let width = CharacterWidth.of(character)
                if width == 2 { rows[place.row][place.column + 1] = " " }
                place.column += width
                rest = rest.dropFirst()
            }
        }
    }

    private func canvas(_ lines: [String]) -> Canvas {
        var canvas = Canvas(size: TerminalSize(columns: 12, rows: lines.count), isUnicode: true)
        for (row, line) in lines.enumerated() { canvas.put(line, at: 0, row, CellStyle(row == 0 ? .good : .plain)) }
        return canvas
    }

    @Test(arguments: [
        (["hello", "world"], ["hello", "word"]), (["界界 a", ""], ["a界界b", "x"]),
        (["aaaaaaaaaaaa", "b"], ["aaabaaaacaaa", "b"]),
        (["", ""], ["", "     y"]), (["界", ""], ["ab", ""]), (["ab", ""], ["界", ""]),
    ])
    func differencesMakeTheNewFrame(_ old: [String], _ new: [String]) throws {
        let writer = FrameWriter(colours: .many)
        let (before, after) = (canvas(old), canvas(new))
        var screen = Screen(before.size)
        try screen.show(writer.bytes(from: nil, to: before))
        try screen.show(writer.bytes(from: before, to: after))
        var whole = Screen(after.size)
        try whole.show(writer.bytes(from: nil, to: after))
        #expect(screen.rows == whole.rows)
        #expect(
            whole.rows[0].map(String.init).joined().hasPrefix(
                after.cells.prefix(1).map { String($0.character) }.joined()))
    }

    @Test func nothingIsSentForNothing() {
        let frame = canvas(["same", "same"])
        #expect(FrameWriter(colours: .many).bytes(from: frame, to: frame).isEmpty)
    }

    @Test func oneWriteIsOneUpdate() {
        let text = String(
            decoding: FrameWriter(colours: .none).bytes(from: nil, to: canvas(["a", "b"])), as: UTF8.self)
        #expect(text.hasPrefix("\u{1b}[?2026h") && text.hasSuffix("\u{1b}[0m\u{1b}[?2026l"))
        // NO_COLOR: no colour's code.
        #expect(!text.contains("[0;3") && !text.contains("38;5"))
    }

    @Test func aSecondOfAFullScreenIsSmall() {
        var model = WatchModel(capabilities: TerminalCapabilities(colours: .many, isUnicode: true))
        let size = TerminalSize(columns: 160, rows: 50)
        let fleet = SimulatedFleet(historyPoints: 100)
        model.receive(fleet.snapshot(at: 60))
        let before = model.frame(size: size)
        model.receive(fleet.snapshot(at: 61))
        let bytes = FrameWriter(colours: .many).bytes(from: before, to: model.frame(size: size))
        #expect(!bytes.isEmpty && bytes.count < 8000)
    }
}
