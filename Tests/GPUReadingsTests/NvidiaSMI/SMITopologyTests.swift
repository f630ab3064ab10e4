import GPUReadings
import Testing

@Suite struct SMITopologyTests {
    static let legend = "\nLegend:\n\n  X    = Self\n  SYS  = Connection traversing PCIe as well as more\n"

    @Test func matrixWithCards() throws {
        let reading = try SMITopologyReading(
            parsing: "\t\u{1b}[4mGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\u{1b}[0m\n"
                + "GPU0\t X \tNV18\tPXB\tSYS\t0-63,128-191\t0\t\tN/A\nGPU1\tNV18\t X \tSYS\tPXB\t64-127\t1\t\t9\n"
                + "NIC0\tPXB\tSYS\t X \tSYS\t\t\t\t\nNIC1\tSYS\tPXB\tSYS\t X \t\t\t\t\n" + Self.legend
                + "\nNIC Legend:\n\n  NIC0: mlx5_0\n  NIC1: mlx5_bond_0\n")
        #expect(reading.columns == ["GPU0", "GPU1", "NIC0", "NIC1"] && reading.nodes.map(\.name) == reading.columns)
        #expect(reading.link(from: "GPU0", to: "GPU1") == "NV18" && reading.link(from: "NIC1", to: "NIC1") == "X")
        #expect(reading.nodes.map(\.cpuAffinity) == ["0-63,128-191", "64-127", nil, nil])
        #expect(reading.nodes.map(\.numaAffinity) == ["0", "1", nil, nil])
        #expect(reading.nodes.map(\.gpuNUMAID) == [nil, "9", nil, nil])
        #expect(reading.nodes.map(\.device) == [nil, nil, "mlx5_0", "mlx5_bond_0"])
        #expect(
            reading.legend.map(\.link) == ["X", "SYS"]
                && reading.gpus.map { $0[.index] } == [.value(.integer(0)), .value(.integer(1))])
    }

    /// One GPU; no affinity of processors told.
    @Test func emptyCells() throws {
        let one = try SMITopologyReading(
            parsing: "\tGPU0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\nGPU0\t X \t0-19\t0\t\tN/A\n")
        #expect(
            one.nodes.map(\.links) == [["X"]] && one.nodes[0].cpuAffinity == "0-19" && one.nodes[0].numaAffinity == "0")
        let none = try SMITopologyReading(
            parsing: "\tGPU0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\nGPU0\t X \t\t3\t\tN/A\n")
        #expect(none.nodes[0].cpuAffinity == nil && none.nodes[0].numaAffinity == "3")
    }

    /// Before 465; with blanks for tabs; cards by their own names.
    @Test func old() throws {
        let reading = try SMITopologyReading(
            parsing:
                "      GPU0 GPU1 mlx5_0 CPU Affinity\nGPU0   X   PIX  SOC   0-5,12-17\nGPU1  PIX   X   SOC  0-5\nmlx5_0 SOC SOC X\n"
        )
        #expect(reading.nodes.map(\.name) == ["GPU0", "GPU1", "mlx5_0"] && reading.nodes[0].cpuAffinity == "0-5,12-17")
        #expect(reading.nodes[2].links == ["SOC", "SOC", "X"] && reading.nodes[2].cpuAffinity == nil)
    }

    @Test func peers() throws {
        let reading = try SMITopologyReading(
            parsing:
                " \tGPU0\tGPU1\t\n GPU0\tX\tCNS\t\n GPU1\tCNS\tX\t\n\nLegend:\n\n  X    = Self\n  CNS  = Chipset not supported\n"
        )
        #expect(reading.link(from: "GPU1", to: "GPU0") == "CNS" && reading.legend.last?.text == "Chipset not supported")
    }

    @Test(arguments: ["", "GPU0\n", "\tGPU0\tGPU1\n", Self.legend, "GPU 0: x\n"])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try SMITopologyReading(parsing: text) }
    }

    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func recordings() throws {
        for (name, text) in try Fixtures.texts("smi-other") where name.contains("topo") {
            guard !text.hasPrefix("ERROR") else {
                #expect(throws: ReadingError.self, "\(name)") { try SMITopologyReading(parsing: text) }
                continue
            }
            let reading = try SMITopologyReading(parsing: text)
            #expect(
                reading.gpus.count == 1 && reading.nodes[0].cpuAffinity != nil && reading.legend.count == 7, "\(name)")
        }
    }
}
