import Glibc
import Machines
import Monitoring
import Provisioner
import VirtualMachines

/// The VMs of `start` below a state folder, and machines that the command line names. Looks at files alone.
struct LiveTelemetrySources: TelemetrySources {
    let state: String
    let attached: [AttachTarget]
    let login: AttachedTelemetry.Login

    func machines() -> [TelemetrySource] {
        KnownMachine.allMachines(state: state).map { TelemetrySource(name: $0.name, access: access($0)) }
            + attached.map { target in
                TelemetrySource(
                    name: target.description,
                    access: .stream(
                        AttachedStream(telemetry: AttachedTelemetry(target: target, state: state, login: login))))
            }
    }

    private func access(_ machine: KnownMachine) -> TelemetrySource.Access {
        let socket = MachineFolder(machine.vmFolder).telemetrySocket
        switch machine.facts(state: state).state {
        case .running where Glibc.access(socket, F_OK) == 0: return .socket(socket)
        case .running: return .waiting("the VM was started without a telemetry port")
        case .starting: return .waiting("the VM starts")
        case .unknown: return .waiting("what is noted of the VM cannot be read")
        case .stopped, .crashed: return .stopped
        }
    }
}

/// A machine over SSH.
private struct AttachedStream: TelemetryStream {
    let telemetry: AttachedTelemetry

    func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws {
        try await telemetry.follow(take)
    }
}
