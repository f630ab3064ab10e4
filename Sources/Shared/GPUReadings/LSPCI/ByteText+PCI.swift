/// Parts of lspci's lines.
extension ByteText {
    /// A name and the identifier in brackets at its end, "[0300]" or "[10de:1b80]".
    func withoutID(_ piece: Piece) -> (name: Piece, id: Piece?) {
        guard ends(piece, with: UInt8(ascii: "]")), let open = findLast(UInt8(ascii: "["), in: piece) else {
            return (piece, nil)
        }
        let inner = open + 1..<piece.upperBound - 1
        let known: Bool
        if let (vendor, device) = halves(inner, at: ":") {
            // Documents have "[10de:xxxx]".
            known = vendor.count == 4 && device.count == 4
        } else {
            known = isID(inner)
        }
        return known ? (trimmed(piece.lowerBound..<open), inner) : (piece, nil)
    }

    /// The identifier in lower case; `name` where that is one by itself.
    func spelled(_ id: Piece?, or name: Piece) -> String? {
        guard let id = id ?? (isID(name) ? name : nil) else { return nil }
        return lowercased(id)
    }

    /// The text in lower case, as nearly all identifiers are.
    func lowercased(_ piece: Piece) -> String {
        piece.contains { self[$0] &- 0x41 < 26 } ? string(piece).lowercased() : string(piece)
    }

    func isID(_ piece: Piece) -> Bool { piece.count == 4 && hexadecimal(piece) != nil }

    /// "16M]"
    func size(_ piece: Piece) -> Int64? {
        guard let close = find(UInt8(ascii: "]"), in: piece),
            let (number, unit) = measure(piece.lowerBound..<close), let value = integer(number), value >= 0
        else { return nil }
        let shift: Int64
        switch unit.first.map({ self[$0] }) {
        case nil: shift = 0
        case UInt8(ascii: "K"): shift = 10
        case UInt8(ascii: "M"): shift = 20
        case UInt8(ascii: "G"): shift = 30
        case UInt8(ascii: "T"): shift = 40
        default: return nil
        }
        let (bytes, overflow) = Int64(value).multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : bytes
    }

    /// "Port #0, Speed 16GT/s, Width x16, ASPM L1", "Speed 2.5GT/s (downgraded), Width x16 (ok)"
    func link(_ value: Piece) -> PCIDevice.Link? {
        guard let speed = find("Speed ", in: value), let width = find("Width x", in: value),
            let (number, _) = measure(speed.upperBound..<value.upperBound), let rate = decimal(number),
            let lanes = measure(width.upperBound..<value.upperBound).flatMap({ integer($0.number) })
        else { return nil }
        return .init(gigatransfersPerSecond: rate, width: lanes)
    }
}
