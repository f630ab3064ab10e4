import Foundation
import GPUReadings
public import Monitoring
import Synchronization
public import Telemetry

/// A folder that goes with the test; short, since sockets are made in it.
public final class Scratch: Sendable {
    public let path: String

    public init() throws {
        path = "/tmp/tele-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// The machines that a test tells of.
public final class ToldSources: TelemetrySources {
    private let told: Mutex<[TelemetrySource]>

    public init(_ sources: [TelemetrySource]) {
        told = Mutex(sources)
    }

    public func tell(_ sources: [TelemetrySource]) {
        told.withLock { $0 = sources }
    }

    public func machines() -> [TelemetrySource] { told.withLock { $0 } }
}

public struct TimedOut: Error {
    public var last: TelemetrySnapshot
}

extension TelemetryHub {
    /// The first snapshot of which `holds` is true; throws after a minute.
    public func snapshot(when holds: @escaping @Sendable (TelemetrySnapshot) -> Bool) async throws -> TelemetrySnapshot
    {
        let found = Task { () -> TelemetrySnapshot? in
            for await _ in self.updates() {
                let snapshot = self.snapshot(at: Date().timeIntervalSince1970)
                if holds(snapshot) { return snapshot }
            }
            return nil
        }
        let deadline = Task {
            try await Task.sleep(for: .seconds(60))
            found.cancel()
        }
        defer { deadline.cancel() }
        guard let snapshot = await found.value else { throw TimedOut(last: snapshot(at: 0)) }
        return snapshot
    }

    /// The machine of that name, once `holds` is true of it.
    public func machine(
        _ name: String, when holds: @escaping @Sendable (MachineTelemetry) -> Bool
    ) async throws -> MachineTelemetry {
        let snapshot = try await snapshot { $0.machines.contains { $0.name == name && holds($0) } }
        guard let machine = snapshot.machines.first(where: { $0.name == name }) else { throw TimedOut(last: snapshot) }
        return machine
    }
}

extension TelemetrySample {
    /// One GPU at this temperature.
    public static func celsius(_ celsius: Double, gpus: Int = 1) -> TelemetrySample {
        TelemetrySample(
            driverVersion: "550.54.14", cudaVersion: "12.4",
            gpus: (0..<gpus).map { index in
                var gpu = GPUSample(index: index)
                gpu.uuid = "GPU-\(index)"
                gpu.numbers[.temperatureCelsius] = celsius
                return gpu
            })
    }

    public var celsius: Double? { gpus.first?.numbers[.temperatureCelsius] }
}
