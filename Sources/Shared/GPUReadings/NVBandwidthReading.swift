/// What nvbandwidth said: NVIDIA's successor of bandwidthTest.
///
/// Known to read the text of 0.4 to 0.9 and the JSON of `--json` (0.6 and later).
public struct NVBandwidthReading: Equatable, Sendable {
    /// How a test case ended.
    public enum Status: String, Equatable, Sendable {
        case passed, waived, failed
        /// It ran; no verdict was printed, or one that is not known.
        case unknown
    }

    /// One test case.
    public struct TestCase: Equatable, Sendable {
        /// "host_to_device_memcpy_ce".
        public var name: String
        /// How it ended. Text has no word for "passed" but its sum.
        public var status: Status
        /// "memcpy CE CPU(row) -> GPU(column) bandwidth (GB/s)".
        public var summary: String?
        /// Row by column, in units of 10^9 bytes per second (of nanoseconds in latency tests); nil where it is "N/A".
        public var matrix: [[Double?]]
        /// The sum of the matrix, as printed.
        public var sum: Double?
    }

    /// "v0.8".
    public var version: String?
    /// The driver, "550.54.15".
    public var driverVersion: String?
    /// The CUDA that it was built with, "12.4".
    public var runtimeVersion: String?
    /// "NVIDIA A10", in order.
    public var devices: [String] = []
    /// The test cases in order.
    public var testCases: [TestCase] = []
    /// What it says went wrong, in its own words.
    public var errors: [String] = []

    /// Whether at least one test case was measured and none failed, and nothing went wrong.
    public var passed: Bool {
        errors.isEmpty && testCases.contains { $0.status == .passed } && !testCases.contains { $0.status == .failed }
    }

    /// The test case of that name.
    public func testCase(_ name: String) -> TestCase? { testCases.first { $0.name == name } }

    /// Reads the output, text or JSON.
    ///
    /// - Parameter text: what it printed; lines around it, and a missing end of a text, do no harm.
    /// - Throws: ``ReadingError`` where it is no output of nvbandwidth's.
    public init(parsing text: String) throws(ReadingError) {
        if text.has("\"nvbandwidth\"") {
            try self.init(json: text)
        } else {
            try self.init(text: text)
        }
    }

    private static let expected = "the output of nvbandwidth"
    private static let mostTestCases = 256
    private static let mostRows = 256

    // MARK: - JSON

    private init(json text: String) throws(ReadingError) {
        let document = try JSON(documentIn: text, expected: Self.expected)
        guard let body = document["nvbandwidth"], case .object = body else {
            let said = Lines(text).firstSaid
            throw ReadingError(
                Self.expected, line: said.number, seen: said.text, problem: "there is no object nvbandwidth")
        }
        version = (body["git_version"] ?? body["Git Version"])?.string
        driverVersion = body["Driver Version"]?.string
        runtimeVersion = body["CUDA Runtime Version"]?.int.map(Self.release)
        devices = (body["GPU Device list"]?.elements(Self.mostRows) ?? []).compactMap(\.string)
        // One that could not even begin says so outside of its test cases.
        errors = [body["error"]?.string].compactMap { $0 }
        for entry in body["testcases"]?.elements(Self.mostTestCases) ?? [] {
            guard let name = entry["name"]?.string else { continue }
            let matrix = (entry["bandwidth_matrix"]?.elements(Self.mostRows) ?? []).map { row in
                (row.elements(Self.mostRows) ?? []).map { cell in cell.double ?? cell.string.flatMap(Self.figure) }
            }
            let status = entry["status"]?.string.map { Self.status($0) }
            testCases.append(
                TestCase(
                    name: name, status: status ?? .unknown, summary: entry["bandwidth_description"]?.string,
                    matrix: matrix, sum: entry["sum"]?.double))
            if status == .failed { errors += [entry["error"]?.string].compactMap { $0 } }
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

    /// 12040 is 12.4.
    private static func release(_ number: Int) -> String { "\(number / 1000).\(number % 1000 / 10)" }

    private static func figure(_ word: some StringProtocol) -> Double? { Quantity.decimal(word, units: [""]).value }

    // MARK: - Text

    private init(text: String) throws(ReadingError) {
        let lines = Lines(text)
        var recognised = false
        var current: TestCase?
        for (_, line) in lines {
            let line = line.trimmed
            if let rest = line.after("nvbandwidth Version:") {
                recognised = true
                version = rest.cut
            } else if let rest = line.after("CUDA Runtime Version:") {
                runtimeVersion = Int(rest).map(Self.release)
            } else if let rest = line.after("Driver Version:") {
                driverVersion = rest.cut
            } else if let (number, name) = line.after("Device ")?.halves(at: ": "), Int(number) != nil,
                devices.count < Self.mostRows
            {
                devices.append(Self.withoutAddress(name).cut)
            } else if let rest = line.after("Running "), rest.last == ".", rest.words.count == 1 {
                recognised = true
                finish(&current)
                current = TestCase(name: rest.dropLast().cut, status: .unknown, summary: nil, matrix: [])
            } else if let rest = line.after("SUM ") {
                let words = rest.words
                if words.count >= 2, words[0] == (current?.name ?? "")[...], let sum = Self.figure(words[1]) {
                    current?.sum = sum
                    current?.status = .passed
                }
            } else if line.hasPrefix("Waived") {
                if current?.sum == nil, current != nil { current?.status = .waived }
            } else if line.has("ERROR") || line.hasPrefix("[CUDA") || line.hasPrefix("[NVML") || line.hasPrefix("[CU_")
            {
                recognised = recognised || line.has("Testcase")
                if errors.count < Self.mostRows { errors.append(line.cut) }
                if current?.sum == nil, current != nil { current?.status = .failed }
            } else if line.has("(row)") || line.has("GB/s") || line.has("(ns)") {
                current?.summary = line.cut
            } else if current != nil, current?.sum == nil {
                addRow(line, to: &current)
            }
        }
        finish(&current)
        guard recognised else {
            let first = lines.firstSaid
            throw ReadingError(
                Self.expected, line: first.number, seen: first.text,
                problem: "there is neither its title nor a test case")
        }
    }

    private mutating func finish(_ current: inout TestCase?) {
        if let done = current, testCases.count < Self.mostTestCases { testCases.append(done) }
        current = nil
    }

    /// " 0    369.36    269.33": the row's number and its figures. The line of column numbers is none: it begins with
    /// two whole numbers, or is one alone.
    private func addRow(_ line: Substring, to current: inout TestCase?) {
        let words = line.words
        guard words.count >= 2, Int(words[0]) != nil, (current?.matrix.count ?? 0) < Self.mostRows,
            words.dropFirst().allSatisfy({
                $0 == "N/A" || ($0.utf8.contains(UInt8(ascii: ".")) && Self.figure($0) != nil)
            })
        else { return }
        current?.matrix.append(words.dropFirst().prefix(Self.mostRows).map { Self.figure($0) })
    }

    /// "NVIDIA A10 (00000000:01:00)": the address is there since 0.6.
    private static func withoutAddress(_ name: Substring) -> Substring {
        guard name.last == ")", let open = name.lastIndex(of: "(") else { return name }
        return name[..<open].trimmed
    }
}
