import Contract
import Foundation
import Monitoring
import MonitoringFakes

/// The terminal view over simulated machines, for its tests under a pseudoterminal and for its picture.
///
///     telemetry-demo watch            a snapshot each second
///     telemetry-demo watch still      the same moment for ever, so that the picture is the same each time
///     telemetry-demo watch crash      as "still", and a trap after a moment
///     telemetry-demo json [MACHINES GPUS]
@main
struct TelemetryDemo {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let environment = ProcessInfo.processInfo.environment
        let number = { (key: Int, otherwise: Int) in
            arguments.count > key ? Int(arguments[key]) ?? otherwise : otherwise
        }
        if arguments.first == "json" {
            let fleet = SimulatedFleet(machines: number(1, 6), gpus: number(2, 2))
            FileHandle.standardOutput.write(Data(SnapshotJSON(fleet.snapshot(at: 60)).bytes))
            return
        }
        let fleet = SimulatedFleet(historyPoints: 600)
        let moment = 60.0
        let mode = arguments.count > 1 ? arguments[1] : "live"
        let (updates, feed) = AsyncStream<TelemetrySnapshot>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let began = WatchView.now()
        let clock: @Sendable () -> Double = {
            SimulatedFleet.start + moment + (mode == "live" ? WatchView.now() - began : 0)
        }
        let teller = Task {
            feed.yield(fleet.snapshot(at: moment))
            while mode == "live", !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                feed.yield(fleet.snapshot(at: clock() - SimulatedFleet.start))
            }
            if mode == "crash" {
                try? await Task.sleep(for: .milliseconds(300))
                fatalError("as asked for")
            }
        }
        do {
            try await WatchView.run(
                updates: updates, capabilities: TerminalCapabilities(environment: environment), clock: clock)
        } catch {
            FileHandle.standardError.write(Data("\(error.message) \(error.remedy)\n".utf8))
            exit(64)
        }
        teller.cancel()
        print("bye")
    }
}
