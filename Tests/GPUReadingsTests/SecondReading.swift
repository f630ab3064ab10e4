import Foundation
import GPUReadings

/// The second, independent reading of recordings: the scripts of Tests/IndependentReadings, run by python3.
enum SecondReading {
    /// Whether there is a python3 to run them.
    static let isPossible = (try? run("-c", ["pass"])) != nil

    /// A value of a script's JSON, as a text that compares: numbers by value, "-" for none.
    indirect enum Value: Equatable, CustomStringConvertible {
        case none
        case text(String)
        case number(Double)
        case flag(Bool)
        case list([Value])
        case members([String: Value])

        init(json: Any?) {
            switch json {
            case let number as NSNumber where CFGetTypeIsBool(number): self = .flag(number.boolValue)
            case let number as NSNumber: self = .number(number.doubleValue)
            case let text as String: self = .text(text)
            case let list as [Any]: self = .list(list.map { Value(json: $0) })
            case let members as [String: Any]: self = .members(members.mapValues { Value(json: $0) })
            default: self = .none
            }
        }

        subscript(_ key: String) -> Value {
            if case .members(let members) = self { members[key] ?? .none } else { .none }
        }

        var list: [Value] {
            if case .list(let list) = self { list } else { [] }
        }

        var description: String {
            switch self {
            case .none: "-"
            case .text(let text): text
            case .number(let number): "\(number)"
            case .flag(let flag): "\(flag)"
            case .list(let list): "\(list)"
            case .members(let members): "\(members)"
            }
        }
    }

    /// What the script finds in each of the files.
    static func of(_ files: [URL], by script: String) throws -> [Value] {
        guard !files.isEmpty else { return [] }
        let folder = Fixtures.package.appending(path: "Tests/IndependentReadings")
        let output = try run(folder.appending(path: script).path, files.map(\.path))
        return try output.split(separator: "\n").map {
            Value(json: try JSONSerialization.jsonObject(with: Data($0.utf8)))
        }
    }

    struct Failed: Error {
        var status: Int32
        var script: String
    }

    private static func run(_ script: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus, script: script) }
        return String(decoding: output, as: UTF8.self)
    }

    /// JSON's true and false come as numbers of a type of their own.
    private static func CFGetTypeIsBool(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c"
    }
}

/// Ours, in the same terms.
extension SecondReading.Value {
    init(_ text: String?) { self = text.map { .text($0) } ?? .none }
    init(_ number: Int?) { self = number.map { .number(Double($0)) } ?? .none }
    init(_ number: Int64?) { self = number.map { .number(Double($0)) } ?? .none }
    init(_ number: Double?) { self = number.map { .number($0) } ?? .none }
    init(_ flag: Bool?) { self = flag.map { .flag($0) } ?? .none }
    init(_ reading: Reading<String>) { self.init(reading.value) }
    init(_ reading: Reading<Int>) { self.init(reading.value) }
    init(_ reading: Reading<Int64>) { self.init(reading.value) }
    init(_ reading: Reading<Double>) { self.init(reading.value) }

    /// A GPU, by the scripts' names of what is judged.
    init(_ gpu: GPUReading) {
        self = .members([
            "name": .init(gpu.name), "bus": .init(gpu.pciAddress), "uuid": .init(gpu.uuid),
            "temperature": .init(gpu.temperatureCelsius), "memoryTemperature": .init(gpu.memoryTemperatureCelsius),
            "fan": .init(gpu.fanPercent), "memoryTotal": .init(gpu.memoryTotalBytes),
            "memoryUsed": .init(gpu.memoryUsedBytes), "memoryFree": .init(gpu.memoryFreeBytes),
            "power": .init(gpu.powerDrawWatts), "powerLimit": .init(gpu.powerLimitWatts),
            "utilization": .init(gpu.utilizationGPUPercent),
            "memoryUtilization": .init(gpu.utilizationMemoryPercent), "clockGraphics": .init(gpu.clockGraphicsMHz),
            "clockSM": .init(gpu.clockSMMHz), "clockMemory": .init(gpu.clockMemoryMHz),
            "processes": .list(
                gpu.processes.map { process in
                    .members([
                        "pid": .init(process.pid), "name": .init(process.name), "type": .init(process.type),
                        "memory": .init(process.usedMemoryBytes),
                    ])
                }),
        ])
    }

    /// Where `second` says something else, by path; what only we know is not compared.
    func differences(from second: SecondReading.Value, at path: String = "") -> [String] {
        switch (self, second) {
        case (.members(let ours), .members(let theirs)):
            theirs.keys.sorted().flatMap { key in
                (ours[key] ?? .text("(not told)")).differences(from: theirs[key] ?? .none, at: "\(path).\(key)")
            }
        case (.list(let ours), .list(let theirs)) where ours.count == theirs.count:
            zip(ours, theirs).enumerated().flatMap { $1.0.differences(from: $1.1, at: "\(path)[\($0)]") }
        case (.number(let ours), .number(let theirs)) where abs(ours - theirs) <= 1e-9 * abs(theirs): []
        default: self == second ? [] : ["\(path): ours \(self), theirs \(second)"]
        }
    }
}
