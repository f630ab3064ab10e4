/// What to send to a terminal that shows one frame, so that it shows another: one write, and only what differs.
struct FrameWriter: Sendable {
    var colours: TerminalCapabilities.Colours

    /// Nothing where nothing differs. Without an old frame of the same size everything is drawn.
    func bytes(from old: Canvas?, to new: Canvas) -> [UInt8] {
        let old = old?.size == new.size ? old : nil
        var body = ""
        if old == nil { body += "\u{1b}[0m\u{1b}[2J" }
        var style: CellStyle?
        for row in 0..<new.size.rows {
            let cells = Array(new.row(row))
            let before = old.map { Array($0.row(row)) }
            var column = 0
            while column < cells.count {
                guard differs(cells, before, column) else {
                    column += 1
                    continue
                }
                // A wide character is written from its first place on.
                if cells[column].width == 0, column > 0 { column -= 1 }
                body += "\u{1b}[\(row + 1);\(column + 1)H"
                // A short gap is cheaper written than jumped over.
                while column < cells.count,
                    (column..<min(column + 4, cells.count)).contains(where: { differs(cells, before, $0) })
                {
                    let cell = cells[column]
                    if cell.width > 0 {
                        if style != cell.style {
                            body += sequence(cell.style)
                            style = cell.style
                        }
                        body.append(cell.character)
                    }
                    column += 1
                }
            }
        }
        guard !body.isEmpty else { return [] }
        // A terminal that knows synchronised updates shows the frame at once; others pass over it.
        return Array("\u{1b}[?2026h\(body)\u{1b}[0m\u{1b}[?2026l".utf8)
    }

    private func differs(_ cells: [Cell], _ before: [Cell]?, _ column: Int) -> Bool {
        guard let before else { return cells[column] != Cell() }
        return cells[column] != before[column]
    }

    /// "ESC [ … m" for a look, from any other.
    func sequence(_ style: CellStyle) -> String {
        var codes = ["0"]
        if style.isBold { codes.append("1") }
        switch colours {
        case .none:
            if style.isSelected || style.isBar { codes.append("7") }
        case .sixteen:
            if style.isSelected || style.isBar {
                codes.append("7")
            } else {
                switch style.colour {
                case .plain: break
                case .good: codes.append("32")
                case .warm: codes.append("33")
                case .hot: codes.append("31")
                case .accent: codes.append("36")
                case .memory: codes.append("34")
                case .faint: codes.append("90")
                }
            }
        case .many:
            switch style.colour {
            case .plain: break
            case .good: codes.append("38;5;71")
            case .warm: codes.append("38;5;178")
            case .hot: codes.append("38;5;203")
            case .accent: codes.append("38;5;80")
            case .memory: codes.append("38;5;104")
            case .faint: codes.append("38;5;244")
            }
            if style.isBar {
                codes.append("48;5;236")
            } else if style.isSelected {
                codes.append("48;5;238")
            } else if style.isTrack {
                codes.append("48;5;235")
            }
        }
        return "\u{1b}[\(codes.joined(separator: ";"))m"
    }
}
