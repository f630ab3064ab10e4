import GPUReadings
import Testing

/// One state of two simulated GPUs under four drivers, recorded in every format (Scripts/record-simulated-outputs): whatever two
/// formats tell both, they tell alike.
@Suite struct SameStateTests {
    static let drivers = ["390.42", "470.256.02", "550.54.14", "580.65.06"]

    private static func gpus(_ driver: String, _ name: String, columns: [String]? = nil) throws -> [GPUReading] {
        var parser = OutputParser(only: columns == nil ? nil : .smiCSV, columns: columns)
        let outputs = parser.push(Array(try Fixtures.text("simulated-outputs/nvidia-smi/\(driver)/\(name)").utf8))
        let output = try #require((outputs + parser.finish()).first)
        #expect(output.warnings.isEmpty && output.error == nil, "\(driver) \(name): \(output.warnings)")
        return output.gpus
    }

    /// Facts that are told of one moment and one GPU by XML and another format, and are not the same.
    private static let tellsOtherwise: [String: Set<GPUFact>] = [
        // Another way to print the time, whole watts, short names; the table's ECC column is of another error count.
        "table.txt": [.timestamp, .powerDrawWatts, .powerLimitWatts, .busID],
        "query-gpu.csv": [.timestamp], "query-gpu-nounits.csv": [.timestamp], "query-gpu-bare.csv": [.timestamp],
    ]

    @Test(arguments: drivers)
    func formatsAgree(_ driver: String) throws {
        let xml = try Self.gpus(driver, "query.xml")
        #expect(xml.count == 2 && xml.map(\.pciAddress) == ["0000:00:16.0", "0000:41:00.0"])
        #expect(xml.allSatisfy { $0.temperatureCelsius == .value(71) && $0.powerDrawWatts == .value(55.25) })
        let columns = try Fixtures.text("simulated-outputs/nvidia-smi/\(driver)/query-gpu.csv")
            .prefix { $0 != "\n" }.split(separator: ",").map {
                String($0.prefix { $0 != "[" }.filter { $0 != " " })
            }
        let formats: [(name: String, columns: [String]?, shared: Int)] = [
            ("query.txt", nil, 60), ("table.txt", nil, 9), ("query-gpu.csv", nil, 17),
            ("query-gpu-nounits.csv", nil, 17), ("query-gpu-bare.csv", columns, 17), ("list.txt", nil, 2),
        ]
        for (name, columns, least) in formats {
            let others = try Self.gpus(driver, name, columns: columns)
            try #require(others.count == 2, "\(driver) \(name)")
            for (one, other) in zip(xml, others) {
                var shared = 0
                for fact in other.knownFacts where one.knownFacts.contains(fact) {
                    guard Self.tellsOtherwise[name]?.contains(fact) != true else { continue }
                    shared += 1
                    if fact == .name, other.nameIsCut {
                        #expect(one.name.value?.hasPrefix(other.name.value ?? "?") == true)
                        continue
                    }
                    #expect(one[fact] == other[fact], "\(driver) \(name): \(fact)")
                }
                #expect(shared >= least, "\(driver) \(name): \(shared) facts")
            }
        }
    }

    /// Rounded, or printed otherwise, and still the same.
    @Test(arguments: drivers)
    func theTableRounds(_ driver: String) throws {
        for gpu in try Self.gpus(driver, "table.txt") {
            #expect(gpu.powerDrawWatts == .value(55) && gpu.powerLimitWatts == .value(75))
        }
    }
}
