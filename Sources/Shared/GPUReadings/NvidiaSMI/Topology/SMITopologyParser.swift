/// Goes through the lines of topo.
struct SMITopologyParser {
    private enum Affinity {
        case cpu, numa, gpuNUMA
    }

    private let text: ByteText
    private(set) var reading = SMITopologyReading()
    /// The columns behind those of the nodes.
    private var affinities: [Affinity] = []
    private var inCards = false
    private var links = RecentTexts()
    private var affinityTexts = RecentTexts()

    private static let most = 1024

    init(_ text: ByteText) { self.text = text }

    mutating func add(_ line: ByteLines.Line, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard !piece.isEmpty else { return }
        if addMeaning(piece) { return }
        if text.starts(piece, with: "NIC Legend") {
            inCards = true
        } else if inCards {
            addCard(piece)
        } else if isHeading(piece) {
            addHeading(piece)
        } else if !reading.columns.isEmpty {
            addRow(line, piece, &warnings)
        }
    }

    /// "GPU0	GPU1	NIC0	CPU Affinity	NUMA Affinity	GPU NUMA ID": a second name, where a row has a link.
    private func isHeading(_ piece: ByteText.Piece) -> Bool {
        guard text[piece.lowerBound] == UInt8(ascii: "G") else { return false }
        var rest = piece
        guard text.starts(piece, with: "GPU"), let first = text.nextWord(&rest), first.count > 3 else { return false }
        guard let second = text.nextWord(&rest) else { return true }
        return text.starts(second, with: "GPU") || text.starts(second, with: "NIC") || text.starts(second, with: "CPU")
            || text.starts(second, with: "mlx")
    }

    private mutating func addHeading(_ piece: ByteText.Piece) {
        guard reading.nodes.isEmpty else { return }
        reading.columns = []
        affinities = []
        let words = text.words(piece, most: Self.most)
        reading.columns.reserveCapacity(words.count)
        reading.nodes.reserveCapacity(words.count)
        var index = 0
        while index < words.count {
            let next = index + 1 < words.count ? words[index + 1] : words[index]
            if text.equals(words[index], "CPU"), text.equals(next, "Affinity") {
                affinities.append(.cpu)
                index += 2
            } else if text.equals(words[index], "NUMA"), text.equals(next, "Affinity") {
                affinities.append(.numa)
                index += 2
            } else if text.equals(words[index], "GPU"), text.equals(next, "NUMA") {
                affinities.append(.gpuNUMA)
                index += 3
            } else {
                reading.columns.append(text.cut(words[index]))
                index += 1
            }
        }
    }

    /// "GPU0	 X 	NV18	0-63	0		N/A"
    private mutating func addRow(_ line: ByteLines.Line, _ piece: ByteText.Piece, _ warnings: inout WarningList) {
        var rest = piece
        guard let name = text.nextWord(&rest), reading.nodes.count < Self.most else { return }
        var node = SMITopologyReading.Node(name: text.cut(name), links: [])
        node.links.reserveCapacity(reading.columns.count)
        let count = reading.columns.count
        while node.links.count < count, let link = links.nextWord(&rest, in: text) { node.links.append(link) }
        // A node is one of the columns: anything else is no row.
        guard isColumn(node.name) else { return }
        if node.links.count < reading.columns.count {
            warnings.add(line.number, node.name, "the row has \(node.links.count) of \(reading.columns.count) links")
        }
        addAffinities(rest.lowerBound..<line.piece.upperBound, to: &node)
        reading.nodes.append(node)
    }

    /// Rows come in the order of the columns.
    private func isColumn(_ name: String) -> Bool {
        let next = reading.nodes.count
        return (next < reading.columns.count && reading.columns[next] == name) || reading.columns.contains(name)
    }

    private mutating func addAffinities(_ piece: ByteText.Piece, to node: inout SMITopologyReading.Node) {
        var rest = piece
        for (number, affinity) in affinities.enumerated() {
            guard let said = affinityTexts.nextWord(&rest, in: text) else {
                // One may be empty, between tabs.
                if number > 0, text.find(UInt8(ascii: "\t"), in: piece) != nil { addTabbed(piece, to: &node) }
                return
            }
            set(affinity, said, of: &node)
        }
    }

    /// Affinities of which some are empty; before the last there are two tabs.
    private func addTabbed(_ piece: ByteText.Piece, to node: inout SMITopologyReading.Node) {
        (node.cpuAffinity, node.numaAffinity, node.gpuNUMAID) = (nil, nil, nil)
        var cells: [ByteText.Piece] = []
        var rest: ByteText.Piece? = piece
        // The first field ends the last link.
        _ = text.nextField(&rest, separator: UInt8(ascii: "\t"))
        while cells.count < 7, let field = text.nextField(&rest, separator: UInt8(ascii: "\t")) {
            cells.append(text.trimmed(field))
        }
        if cells.count > affinities.count, affinities.count == 3 { cells.remove(at: 2) }
        for (affinity, cell) in zip(affinities, cells) where !cell.isEmpty {
            set(affinity, text.cut(cell), of: &node)
        }
    }

    private func set(_ affinity: Affinity, _ said: String, of node: inout SMITopologyReading.Node) {
        if said == "N/A" { return }
        switch affinity {
        case .cpu: node.cpuAffinity = said
        case .numa: node.numaAffinity = said
        case .gpuNUMA: node.gpuNUMAID = said
        }
    }

    /// "SYS  = Connection traversing PCIe as well as …"
    private mutating func addMeaning(_ piece: ByteText.Piece) -> Bool {
        var rest = piece
        guard let link = text.nextWord(&rest), link.count <= 8 else { return false }
        while let first = rest.first, ByteText.isBlank(text[first]) { rest = first + 1..<rest.upperBound }
        guard let words = text.after("= ", in: rest) else { return false }
        if reading.legend.count < Self.most {
            reading.legend.append(.init(link: text.cut(link), text: text.cut(words)))
        }
        return true
    }

    /// "NIC0: mlx5_0"
    private mutating func addCard(_ piece: ByteText.Piece) {
        guard let (name, device) = text.halves(piece, at: ": ") else { return }
        let spelled = text.cut(name)
        guard let index = reading.nodes.firstIndex(where: { $0.name == spelled }) else { return }
        reading.nodes[index].device = text.cut(text.trimmed(device))
    }
}
