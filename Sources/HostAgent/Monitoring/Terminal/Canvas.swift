import Contract

/// A frame of the terminal: `width` × `height` cells, drawn on by pure code and compared with the frame before it.
struct Canvas: Equatable, Sendable {
    let size: TerminalSize
    /// Whether anything beyond ASCII may be drawn.
    let isUnicode: Bool
    private(set) var cells: [Cell]

    init(size: TerminalSize, isUnicode: Bool) {
        self.size = size
        self.isUnicode = isUnicode
        cells = [Cell](repeating: Cell(), count: size.columns * size.rows)
    }

    /// Writes from a place on to the right and tells where it ended; what does not fit before `end` is left out, with an ellipsis.
    ///
    /// The last gate: whatever a guest put into a text, only visible characters get on the canvas.
    @discardableResult
    mutating func put(_ text: String, at column: Int, _ row: Int, _ style: CellStyle = CellStyle(), end: Int? = nil)
        -> Int
    {
        let end = min(end ?? size.columns, size.columns)
        guard row >= 0, row < size.rows, column >= 0 else { return column }
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
        let clean = isPlain ? text : Printable.line(text, limit: 500)
        var place = column
        for given in clean {
            let character = fit(given)
            let width = CharacterWidth.of(character)
            guard width > 0 else { continue }
            guard place + width <= end else {
                if place > column, end > column { ellipsis(at: min(place, end - 1), row, style) }
                return end
            }
            set(Cell(character: character, width: UInt8(width), style: style), at: place, row)
            if width == 2 { set(Cell(character: " ", width: 0, style: style), at: place + 1, row) }
            place += width
        }
        return place
    }

    /// Writes so that it ends before `end`.
    mutating func putRight(_ text: String, before end: Int, _ row: Int, _ style: CellStyle = CellStyle()) {
        put(text, at: max(0, end - CharacterWidth.of(text)), row, style, end: end)
    }

    /// Changes the looks of a whole row, or of a part of it.
    mutating func restyle(_ row: Int, from: Int = 0, to: Int? = nil, _ change: (inout CellStyle) -> Void) {
        guard row >= 0, row < size.rows else { return }
        for column in from..<max(from, min(to ?? size.columns, size.columns)) {
            change(&cells[row * size.columns + column].style)
        }
    }

    func row(_ row: Int) -> ArraySlice<Cell> { cells[row * size.columns..<(row + 1) * size.columns] }

    /// The characters alone, a line per row, without the spaces at their ends.
    var text: String {
        (0..<size.rows).map { number in
            var line = String(row(number).filter { $0.width > 0 }.map(\.character))
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private mutating func set(_ cell: Cell, at column: Int, _ row: Int) {
        cells[row * size.columns + column] = cell
    }

    private mutating func ellipsis(at column: Int, _ row: Int, _ style: CellStyle) {
        // Not upon the second half of a wide character.
        if cells[row * size.columns + column].width == 0, column > 0 { set(Cell(style: style), at: column - 1, row) }
        set(Cell(character: isUnicode ? "…" : "~", style: style), at: column, row)
    }

    /// A character with a tower of accents is one place wide and a screen high: only the first are kept.
    private func fit(_ character: Character) -> Character {
        if character.isASCII { return character }
        guard isUnicode else { return "?" }
        guard character.unicodeScalars.count > 4, let first = character.unicodeScalars.first else { return character }
        return Character(first)
    }
}

/// How large a terminal is, in places.
public struct TerminalSize: Equatable, Sendable {
    public var columns: Int
    public var rows: Int

    /// At least one place, at most 1000 × 1000.
    public init(columns: Int, rows: Int) {
        self.columns = min(1000, max(1, columns))
        self.rows = min(1000, max(1, rows))
    }
}
