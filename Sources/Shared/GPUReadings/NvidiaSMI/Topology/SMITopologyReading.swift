/// What `nvidia-smi topo -m` (or `-mp`, `-p2p …`) said: how each GPU and network card reaches each other.
public struct SMITopologyReading: Equatable, Sendable {
    /// A row: one GPU or network card.
    public struct Node: Equatable, Sendable, Encodable {
        /// "GPU0", "NIC0", "mlx5_0".
        public var name: String
        /// The card's name where the table has numbers: "mlx5_0" of "NIC0".
        public var device: String?
        /// How it reaches the nodes, in the order of ``SMITopologyReading/columns``: "NV18" (18 bonded NVLinks), "PIX" (one
        /// bridge of PCIe), "PXB" (several), "PHB" (the host's bridge), "NODE" (within a node of memory), "SYS" (between
        /// them; "SOC" of old), "X" (itself). With `-p2p`: "OK", "CNS", "GNS", "NS" and others.
        public var links: [String]
        /// Processors that are next to it, "0-63,128-191"; nil where it is not said.
        public var cpuAffinity: String?
        /// Nodes of memory that are next to it, "0".
        public var numaAffinity: String?
        /// The node that its own memory is, on machines that have such; "N/A" elsewhere is nil.
        public var gpuNUMAID: String?
    }

    /// What the legend says of a link.
    public struct Meaning: Equatable, Sendable, Encodable {
        /// "SYS".
        public var link: String
        /// In words.
        public var text: String
    }

    /// The nodes that the columns are of.
    public var columns: [String] = []
    /// The rows in order.
    public var nodes: [Node] = []
    /// The legend.
    public var legend: [Meaning] = []

    /// The node of that name.
    public func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    /// How one node reaches another: "NV18"; nil where the table does not say.
    public func link(from: String, to: String) -> String? {
        guard let node = node(from), let column = columns.firstIndex(of: to), column < node.links.count else {
            return nil
        }
        return node.links[column]
    }

    /// The GPUs, by number, which is all that is told of them.
    public var gpus: [GPUReading] {
        var gpus: [GPUReading] = []
        gpus.reserveCapacity(nodes.count)
        for index in nodes.indices {
            if let number = Self.number(nodes[index].name) { gpus.append(GPUReading(number: number)) }
        }
        return gpus
    }

    /// 12 of "GPU12".
    private static func number(_ name: String) -> Int? {
        var name = name
        return name.withUTF8 { name in
            guard (4...12).contains(name.count), name[0] == UInt8(ascii: "G"), name[1] == UInt8(ascii: "P"),
                name[2] == UInt8(ascii: "U")
            else { return nil }
            var number = 0
            for digit in name[3...] {
                guard ByteText.isDigit(digit) else { return nil }
                number = number * 10 + Int(digit &- 0x30)
            }
            return number
        }
    }

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it do no harm.
    /// - Throws: ``ReadingError`` where there is no table with a GPU.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    init() {}

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> SMITopologyReading {
        var parser = SMITopologyParser(text)
        for line in text.lines { parser.add(line, &warnings) }
        guard !parser.reading.nodes.isEmpty else {
            throw ReadingError("the output of nvidia-smi topo -m", text, problem: "there is no table with a GPU")
        }
        return parser.reading
    }
}

extension SMITopologyReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, columns, nodes, legend
    }

    /// With ``gpus``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(columns, forKey: .columns)
        try container.encode(nodes, forKey: .nodes)
        try container.encode(legend, forKey: .legend)
    }
}
