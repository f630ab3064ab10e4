extension NVBandwidthReading {
    init(json text: ByteText, warnings: inout WarningList) throws(ReadingError) {
        let document = try JSONText(objectIn: text, expected: Self.expected)
        guard let body = document["nvbandwidth"], body.isObject else {
            throw ReadingError(Self.expected, text, problem: "there is no object nvbandwidth")
        }
        self.init()
        version = (body["git_version"] ?? body["Git Version"] ?? body["version"])?.string
        driverVersion = body["Driver Version"]?.string
        runtimeVersion = body["CUDA Runtime Version"]?.int.map(Self.release)
        host = body["Hostname"]?.string
        for (index, entry) in (body["GPU Device list"]?.elements(Self.mostRows) ?? []).enumerated() {
            guard let described = entry.string.map({ ByteText($0) }) else { continue }
            let halves = described.halves(described.whole, at: ": ")
            let number = halves.flatMap { described.integer($0.0) }
            devices.append(
                Device(
                    number: number ?? index, described: number == nil ? described.whole : halves?.1 ?? described.whole,
                    in: described))
        }
        // One that could not even begin says so outside of its test cases.
        errors = [body["error"]?.string].compactMap { $0 }
        notes = [body["warning"]?.string].compactMap { $0 }
        for entry in body["testcases"]?.elements(Self.mostTestCases) ?? [] {
            guard let name = entry["name"]?.string else {
                warnings.add(text.firstSaid.number, "testcases", "a test case has no name")
                continue
            }
            let status = entry["status"]?.string.map { Self.status($0) } ?? .unknown
            testCases.append(
                TestCase(
                    name: name, status: status, summary: entry["bandwidth_description"]?.string,
                    matrix: Self.matrix(entry["bandwidth_matrix"]), sum: entry["sum"]?.double,
                    minimum: entry["min"]?.double, maximum: entry["max"]?.double, average: entry["average"]?.double))
            if status == .failed { errors += [entry["error"]?.string].compactMap { $0 } }
        }
    }

    /// Figures are strings, or numbers.
    private static func matrix(_ json: JSONText?) -> [[Double?]] {
        (json?.elements(mostRows) ?? []).map { row in
            (row.elements(mostRows) ?? []).map { $0.double ?? $0.figure }
        }
    }

    /// "Passed", "Waived", "Error", "Not Found".
    private static func status(_ text: String) -> Status {
        switch text.lowercased() {
        case "passed": .passed
        case "waived": .waived
        case "error", "failed", "not found": .failed
        default: .unknown
        }
    }
}
