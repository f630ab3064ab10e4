/// One place of a terminal.
struct Cell: Equatable, Sendable {
    /// What stands there; of a wide character in its first place.
    var character: Character = " "
    /// Places that it takes; 0 for the second place of a wide one.
    var width: UInt8 = 1
    var style = CellStyle()
}

/// How a place looks. Meanings, not colours: ``FrameWriter`` has the colours of each kind of terminal.
struct CellStyle: Equatable, Sendable {
    enum Colour: UInt8, Sendable { case plain, good, warm, hot, accent, memory, faint }

    var colour = Colour.plain
    var isBold = false
    /// In the selected row.
    var isSelected = false
    /// In a title line.
    var isBar = false
    /// The rest of a bar, behind which the terminal may show a track.
    var isTrack = false

    init(_ colour: Colour = .plain, bold: Bool = false) {
        self.colour = colour
        isBold = bold
    }
}
