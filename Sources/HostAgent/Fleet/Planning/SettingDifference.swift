import Contract
import Passthrough
import VirtualMachines

/// A setting that is not as it should be.
struct SettingDifference: Equatable, Sendable {
    /// What it takes to change it.
    enum Need: Sendable {
        /// Another golden image: decided by the recipe's digest, here for its words only.
        case reimage
        /// A first boot: cloud-init reads it once.
        case firstBoot
        /// A start.
        case restart
        /// Nothing: it is noted.
        case note
    }

    var text: String
    var need: Need

    static func all(from old: GuestSettings, to new: GuestSettings) -> [SettingDifference] {
        guard old != new else { return [] }
        return rows.compactMap { row in
            let (before, after) = (row.text(old), row.text(new))
            return before == after
                ? nil
                : SettingDifference(text: "\(row.name) \(before ?? "default") → \(after ?? "default")", need: row.need)
        }
    }

    private struct Row: Sendable {
        var name: String
        var need: Need
        var text: @Sendable (GuestSettings) -> String?
    }

    static var rowCount: Int { rows.count }

    private static let rows: [Row] = [
        Row(name: "image", need: .reimage) { $0.image },
        Row(name: "driver", need: .reimage) { $0.driver },
        Row(name: "cuda", need: .reimage) { $0.cuda?.joined(separator: " ") },
        Row(name: "cuda-patches", need: .reimage) { $0.cudaPatches?.joined(separator: " ") },
        Row(name: "samples", need: .reimage) { $0.samples },
        Row(name: "nvbandwidth", need: .reimage) { $0.nvbandwidth },
        Row(name: "offline", need: .reimage) { $0.offline },
        Row(name: "update-packages", need: .reimage) { $0.updatePackages.map { "\($0)" } },
        Row(name: "keep-kernel", need: .reimage) { $0.keepKernel.map { "\($0)" } },
        Row(name: "kernels", need: .reimage) { $0.kernels?.rawValue },
        Row(name: "kernel-module-type", need: .reimage) { $0.kernelModuleType?.rawValue },
        Row(name: "dkms", need: .reimage) { $0.dkms.map { "\($0)" } },
        Row(name: "persistence-daemon", need: .reimage) { $0.persistenceDaemon.map { "\($0)" } },
        Row(name: "allow-incompatible", need: .reimage) { $0.allowIncompatible.map { "\($0)" } },
        Row(name: "disk-size", need: .reimage) { $0.diskSizeBytes.map(size) },
        Row(name: "telemetry", need: .reimage) { $0.telemetry.map { "\($0)" } },
        // Without the sampler it means nothing.
        Row(name: "telemetry-interval", need: .reimage) { settings in
            settings.telemetryRecipe.flatMap { _ in settings.telemetryInterval.map { "\($0)" } }
        },
        Row(name: "hostname", need: .firstBoot) { $0.hostname },
        Row(name: "ssh-keys", need: .firstBoot) { $0.sshKeys?.joined(separator: " ") },
        Row(name: "cloud-init", need: .firstBoot) { $0.cloudInit },
        Row(name: "gpus", need: .restart) { $0.gpus.map(words) },
        Row(name: "memory", need: .restart) { $0.memoryBytes.map(size) },
        Row(name: "cpus", need: .restart) { $0.cpus.map { "\($0)" } },
        Row(name: "machine", need: .restart) { $0.machine?.rawValue },
        Row(name: "disk-bus", need: .restart) { $0.diskBus?.rawValue },
        Row(name: "nic", need: .restart) { $0.nic?.rawValue },
        Row(name: "ports", need: .restart) {
            $0.ports?.map { port in (port.host.map { "\($0):" } ?? "") + "\(port.guest)" }.joined(separator: " ")
        },
        Row(name: "prove", need: .note) { $0.prove.map { "\($0)" } },
        Row(name: "labels", need: .note) {
            $0.labels?.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        },
    ]

    private static func size(_ bytes: Int64) -> String {
        for (unit, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] where bytes % (1 << shift) == 0 && bytes > 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)"
    }

    private static func words(_ wish: GPUWish) -> String {
        switch wish {
        case .none: "none"
        case .simulated: "simulated"
        case .count(let count, let pattern): "\(count)" + (pattern.map { " × \($0)" } ?? "")
        case .addresses(let addresses): addresses.map(\.description).joined(separator: " ")
        }
    }
}
