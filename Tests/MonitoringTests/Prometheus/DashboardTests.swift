import Foundation
import GPUReadings
import MonitoringFakes
import Subprocess
import SystemPackage
import Telemetry
import Testing

@testable import Monitoring

/// The files for Prometheus and Grafana name series, labels and states that exist.
struct DashboardTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Telemetry").path

    /// All series that there can be.
    private static let text: String = {
        var machine = MachineTelemetry(name: "vm", link: .connected)
        var sample = TelemetrySample.celsius(1)
        for fact in SampledFacts.numbers { sample.gpus[0].numbers[fact] = 1 }
        sample.gpus[0].texts[GPUFact.performanceState.key] = "P0"
        sample.gpus[0].pciAddress = "p"
        _ = machine.take(TelemetryMessage(body: .status(SamplerStatus(state: .sampling))), at: 1)
        _ = machine.take(TelemetryMessage(sequence: 1, body: .sample(sample)), at: 1)
        _ = machine.take(
            TelemetryMessage(sequence: 2, body: .xid(XidEvent(code: 79, pciAddress: "p", text: ""))), at: 1)
        let snapshot = TelemetrySnapshot(time: 1, machines: [machine])
        return String(decoding: PrometheusText(dcgmNames: true).bytes(of: snapshot), as: UTF8.self)
    }()

    @Test(arguments: ["grafana-dashboard.json", "prometheus-rules.yml"])
    func eachNameIsASeries(_ file: String) throws {
        let words = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
        let names = Set(words.matches(of: /nvidia_gpu_[a-z0-9_]+/).map { String($0.output) })
        #expect(names.count > 5)
        for name in names { #expect(Self.text.contains("\n\(name){"), "\(name)") }
        for match in words.matches(of: /(?:state|reason)(?:=|!|~)+\\?"([^"\\]+)/) {
            for value in match.output.1.split(separator: "|") {
                #expect(
                    Self.text.contains("state=\"\(value)\"") || Self.text.contains("reason=\"\(value)\""), "\(value)")
            }
        }
    }

    @Test func theDashboardIsJSON() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/grafana-dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((dashboard["panels"] as? [Any])?.count ?? 0 > 10)
    }

    @Test func theRulesHoldTheirTests() async throws {
        let result = try await run(
            .name("promtool"), arguments: ["test", "rules", "\(Self.folder)/prometheus-rules-tests.yml"],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        #expect(result.terminationStatus == .exited(0), "\(result.standardOutput)\(result.standardError)")
    }
}
