import Contract
import FoundationEssentials
import GPUReadings

/// A ``TelemetryMessage`` as one line of JSON.
public enum TelemetryLine {
    /// One line without its newline.
    public static func encode(_ message: TelemetryMessage) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(message))
    }

    /// The line of a message that was written with an age of 0, told `seconds` later. What waits for its host is kept as a
    /// line, and its age is known only when it goes.
    public static func aged(_ line: [UInt8], by seconds: Double) -> [UInt8] {
        // Milliseconds: as exact as anybody reads a sensor.
        let milliseconds = Int64((max(0, min(seconds, 1e12)) * 1000).rounded())
        guard milliseconds > 0, line.first == UInt8(ascii: "{") else { return line }
        let digits = String(milliseconds % 1000)
        let decimals = String(repeating: "0", count: 3 - digits.count) + digits
        return Array("{\"ageSeconds\":\(milliseconds / 1000).\(decimals),".utf8) + line.dropFirst()
    }

    /// Reads one line of a guest, which is not trusted: texts come out clean and short, lists bounded, numbers finite.
    ///
    /// - Throws: ``Nonsense`` for what is no message.
    public static func decode(_ line: some Sequence<UInt8>) throws(Nonsense) -> TelemetryMessage {
        let data = Data(line)
        guard data.count <= TelemetryLimits.line else { throw Nonsense(problem: "a line of \(data.count) bytes") }
        do {
            var message = try JSONDecoder().decode(TelemetryMessage.self, from: data)
            message.restrain()
            return message
        } catch {
            throw Nonsense(problem: "a line that is no telemetry message: \(Printable.line("\(error)", limit: 200))")
        }
    }

    /// Why a line is none.
    public struct Nonsense: Error, Equatable, Sendable {
        /// "a line of 300000 bytes".
        public var problem: String
    }
}

extension TelemetryMessage {
    /// Cuts what goes beyond ``TelemetryLimits`` and cleans the texts: done by who sends, and again by who reads.
    public mutating func restrain() {
        switch body {
        case .hello(var hello):
            hello.agent = clean(hello.agent)
            hello.sampler = clean(hello.sampler)
            hello.bootID = clean(hello.bootID)
            hello.hostname = clean(hello.hostname)
            if !(hello.intervalSeconds > 0 && hello.intervalSeconds < 86400) { hello.intervalSeconds = 1 }
            body = .hello(hello)
        case .status(var status):
            status.state.rawValue = clean(status.state.rawValue)
            status.detail = clean(status.detail)
            status.forSeconds = max(0, status.forSeconds)
            body = .status(status)
        case .xid(var xid):
            xid.text = clean(xid.text)
            xid.pciAddress = xid.pciAddress.map(clean)
            body = .xid(xid)
        case .sample(var sample):
            sample.driverVersion = sample.driverVersion.map(clean)
            sample.cudaVersion = sample.cudaVersion.map(clean)
            sample.gpus = sample.gpus.prefix(TelemetryLimits.gpus).map { gpu in
                var gpu = gpu
                gpu.restrain()
                return gpu
            }
            body = .sample(sample)
        case .unknown: break
        }
    }
}

extension GPUSample {
    mutating func restrain() {
        uuid = uuid.map(clean)
        name = name.map(clean)
        pciAddress = pciAddress.map(clean)
        texts = texts.filter { KnownKeys.texts.contains($0.key) }.mapValues(clean)
        clocksEvents = Set(clocksEvents).intersection(KnownKeys.clocksEvents).sorted()
        faults = faults.filter { KnownKeys.all.contains($0.key) }.mapValues(clean)
        processes = processes.prefix(TelemetryLimits.processes).map { process in
            var process = process
            process.name = process.name.map(clean)
            process.type = process.type.map(clean)
            return process
        }
        processCount = max(processes.count, processCount)
        migDevices = Array(migDevices.prefix(TelemetryLimits.processes))
    }
}

private enum KnownKeys {
    static let texts = Set(SampledFacts.texts.map(\.key))
    static let clocksEvents = Set(SampledFacts.clocksEvents.map(\.key))
    static let all = texts.union(SampledFacts.numbers.map(\.key))
}

private func clean(_ text: String) -> String {
    // Most are short and plain: not worth a copy.
    let isPlain = text.utf8.count <= TelemetryLimits.text && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
    return isPlain ? text : Printable.line(text, limit: TelemetryLimits.text)
}
