/// Where the columns of a GPU's line are, by the width of the terminal: what matters most at 80, more where there is room.
struct GPUColumns: Equatable, Sendable {
    /// First place of each column; width 0 where it is left out.
    struct Column: Equatable, Sendable {
        var start = 0
        var width = 0
        var end: Int { start + width }
        var isShown: Bool { width > 0 }
    }

    var index = Column()
    var name = Column()
    var utilisation = Column()
    var memory = Column()
    var temperature = Column()
    var power = Column()
    var fan = Column()
    var clock = Column()
    var processes = Column()
    var history = Column()

    /// Places of "100%" and of "79.6/80.0G" behind their bars.
    static let percentWidth = 5
    static let amountWidth = 12

    init(width: Int) {
        let barRoom = min(max(0, (width - 80) / 8), 14)
        var place = 0
        func take(_ wanted: Int, if shown: Bool = true) -> Column {
            // A narrow terminal loses whole columns, from the right.
            guard shown, place + wanted <= width else { return Column(start: place, width: 0) }
            defer { place += wanted + 1 }
            return Column(start: place, width: wanted)
        }
        index = take(5)
        name = take(width >= 130 ? 22 : 15, if: width >= 96)
        utilisation = take(8 + barRoom + Self.percentWidth)
        memory = take(8 + barRoom + Self.amountWidth)
        temperature = take(5)
        power = take(9)
        fan = take(4)
        clock = take(9, if: width >= 112)
        processes = take(5, if: width >= 120)
        history = take(max(8, width - place), if: width - place >= 8)
    }
}

extension Canvas {
    /// At the right of a column, and never beyond its left: numbers may be lies.
    mutating func putRight(_ text: String, in column: GPUColumns.Column, _ row: Int, _ style: CellStyle = CellStyle()) {
        put(text, at: max(column.start, column.end - CharacterWidth.of(text)), row, style, end: column.end)
    }
}
