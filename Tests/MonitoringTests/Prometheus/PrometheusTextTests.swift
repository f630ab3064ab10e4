import GPUReadings
import MonitoringFakes
import Subprocess
import SystemPackage
import Telemetry
import Testing

@testable import Monitoring

struct PrometheusTextTests {
    private func text(_ snapshot: TelemetrySnapshot, accept: String = "", dcgm: Bool = false) -> String {
        String(decoding: PrometheusText(accept: accept, dcgmNames: dcgm).bytes(of: snapshot), as: UTF8.self)
    }

    private func machine(_ name: String, celsius: Double = 47) -> MachineTelemetry {
        var machine = MachineTelemetry(name: name, link: .connected)
        _ = machine.take(TelemetryMessage(body: .status(SamplerStatus(state: .sampling, restarts: 3))), at: 99)
        _ = machine.take(TelemetryMessage(sequence: 1, body: .sample(.celsius(celsius))), at: 99)
        return machine
    }

    @Test func aMachineIsTold() {
        var machine = machine("train-01")
        machine.sample?.gpus[0].numbers[.utilizationGPUPercent] = 47
        machine.sample?.gpus[0].numbers[.clockSMMHz] = 1410
        machine.sample?.gpus[0].clocksEvents = [GPUFact.clocksEventSWPowerCap.key]
        machine.sample?.gpus[0].pciAddress = "0000:00:16.0"
        _ = machine.take(
            TelemetryMessage(
                sequence: 2, body: .xid(XidEvent(code: 79, pciAddress: "0000:00:16.0", text: "off the bus"))), at: 99)
        let lines = Set(text(TelemetrySnapshot(time: 100, machines: [machine]), dcgm: true).split(separator: "\n"))
        for line in [
            #"nvidia_gpu_temperature_celsius{vm="train-01",gpu="0",uuid="GPU-0"} 47"#,
            #"nvidia_gpu_utilization_ratio{vm="train-01",gpu="0",uuid="GPU-0"} 0.47"#,
            #"nvidia_gpu_clock_sm_hertz{vm="train-01",gpu="0",uuid="GPU-0"} 1410000000"#,
            #"nvidia_gpu_clocks_event_active{vm="train-01",gpu="0",uuid="GPU-0",reason="sw_power_cap"} 1"#,
            #"nvidia_gpu_clocks_event_active{vm="train-01",gpu="0",uuid="GPU-0",reason="hw_slowdown"} 0"#,
            #"nvidia_gpu_machine_up{vm="train-01"} 1"#, #"nvidia_gpu_sampler_restarts_total{vm="train-01"} 3"#,
            #"nvidia_gpu_sampler_state{vm="train-01",state="live"} 1"#,
            #"nvidia_gpu_sampler_state{vm="train-01",state="hung"} 0"#,
            #"nvidia_gpu_sample_age_seconds{vm="train-01"} 1"#,
            #"nvidia_gpu_xid_errors_total{vm="train-01",gpu="0",pci_address="0000:00:16.0",xid="79"} 1"#,
            #"DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-0",pci_bus_id="00000000:00:16.0",device="nvidia0",Hostname="train-01",DCGM_FI_DRIVER_VERSION="550.54.14",vm="train-01"} 1410"#,
        ] { #expect(lines.contains(Substring(line)), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("DCGM_FI_DEV_XID_ERRORS{") && $0.hasSuffix(" 79") })
    }

    @Test func whatIsOldIsLeftOut() {
        let text = text(TelemetrySnapshot(time: 110, machines: [machine("vm")]))
        #expect(!text.contains("nvidia_gpu_temperature_celsius"))
        #expect(text.contains(#"nvidia_gpu_sampler_state{vm="vm",state="stale"} 1"#))
        #expect(text.contains(#"nvidia_gpu_sample_age_seconds{vm="vm"} 11"#))
    }

    @Test func aStoppedMachineIsDownAndNothingElse() {
        var machine = machine("vm")
        _ = machine.take(.stopped, at: 99)
        let series = text(TelemetrySnapshot(time: 99, machines: [machine])).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
        #expect(series == [#"nvidia_gpu_machine_up{vm="vm"} 0"#])
    }

    @Test func aFamilyHasOneHeadAndItsLinesTogether() {
        let text = text(SimulatedFleet(machines: 12, gpus: 3).snapshot(at: 60), dcgm: true)
        var families: [Substring] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("# HELP") {
            let name = line.hasPrefix("# TYPE") ? line.split(separator: " ")[2] : line.prefix { $0 != "{" && $0 != " " }
            if families.last != name { families.append(name) }
        }
        #expect(families.count == Set(families).count)
        #expect(families.count > 30)
    }

    @Test func aLabelIsEscaped() {
        #expect(
            Exposition.labels([("vm", "a\"b\\c\nd"), ("gpu", ""), ("uuid", "x")]).elementsEqual(
                #"{vm="a\"b\\c\nd",uuid="x"}"#.utf8))
    }

    @Test func aStateThatNobodyKnowsIsOther() {
        var machine = machine("vm")
        machine.status?.state = SamplerState(rawValue: "inventive-\"guest")
        let text = text(TelemetrySnapshot(time: 100, machines: [machine]))
        #expect(text.contains(#"nvidia_gpu_sampler_state{vm="vm",state="other"} 1"#))
        #expect(!text.contains("inventive"))
    }

    @Test func openMetricsIsGivenToWhoAsks() {
        let asked = PrometheusText(accept: "application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
        let text = String(
            decoding: asked.bytes(of: TelemetrySnapshot(time: 100, machines: [machine("vm")])), as: UTF8.self)
        #expect(asked.contentType.hasPrefix("application/openmetrics-text"))
        #expect(text.hasSuffix("# EOF\n"))
        #expect(text.contains("# TYPE nvidia_gpu_sampler_restarts counter\nnvidia_gpu_sampler_restarts_total{"))
    }

    /// However large the host is, no more than a piece is in memory.
    @Test(arguments: ["", "application/openmetrics-text"])
    func theDocumentComesInShortPieces(_ accept: String) {
        let text = PrometheusText(accept: accept, dcgmNames: true)
        let snapshot = SimulatedFleet(machines: 60, gpus: 8, historyPoints: 1).snapshot(at: 60)
        var document = text.document(of: snapshot)
        var (piece, all): ([UInt8], [UInt8]) = ([], [])
        var count = 0
        while document.next(into: &piece) {
            #expect(piece.count <= PrometheusDocument.piece + 4096 && piece.last == UInt8(ascii: "\n"))
            all += piece
            count += 1
        }
        #expect(count > 10 && all == text.bytes(of: snapshot) && piece.isEmpty)
        // Behind the end there is nothing, and it stays so.
        let isMore = document.next(into: &piece)
        #expect(!isMore)
        let lines = String(decoding: all, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == Set(lines).count)
        let none = text.bytes(of: TelemetrySnapshot(time: 0, machines: []))
        #expect(none == (accept.isEmpty ? [] : Array("# EOF\n".utf8)))
    }

    @Test func promtoolHasNothingToSay() async throws {
        var snapshot = SimulatedFleet(machines: 12, gpus: 3, historyPoints: 1).snapshot(at: 60)
        for place in snapshot.machines.indices {
            for gpu in (snapshot.machines[place].sample?.gpus ?? []).indices {
                for fact in SampledFacts.numbers { snapshot.machines[place].sample?.gpus[gpu].numbers[fact] = 1.5 }
            }
        }
        // Names of DCGM's are not as promtool would have them, but they are DCGM's.
        let result = try await run(
            .name("promtool"), arguments: ["check", "metrics"], input: .string(text(snapshot)),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        #expect(result.terminationStatus == .exited(0))
        #expect(result.standardOutput == "" && result.standardError == "")
    }
}
