import Contract
import VirtualMachines

/// What a golden image is made of: guests whose recipes are equal share one. Files by their contents, never by their names, so
/// that a renamed runfile makes no new image.
public struct GoldenRecipe: Codable, Hashable, Sendable {
    /// SHA-256 of the image file.
    public var image: String
    public var driver: String?
    public var cuda: [String]
    public var cudaPatches: [String]
    public var samples: String?
    public var nvbandwidth: String?
    public var offline: String?
    /// The options that change what is installed, `key=value`, those with the tool's default left out.
    public var options: [String]
    /// SHA-256 of the guest agent, which is part of the image.
    public var agent: String

    /// The recipe of a guest. `digest` gives a file's SHA-256 and remembers it.
    public init(_ settings: GuestSettings, agent: String, digest: (String) throws -> String) rethrows {
        image = try digest(settings.image ?? "")
        driver = try settings.driver.map(digest)
        cuda = try (settings.cuda ?? []).map(digest)
        cudaPatches = try (settings.cudaPatches ?? []).map(digest)
        samples = try settings.samples.map(digest)
        nvbandwidth = try settings.nvbandwidth.map(digest)
        offline = try settings.offline.map(digest)
        self.agent = agent
        var options: [String] = []
        func option(_ key: String, _ value: String?) {
            if let value { options.append("\(key)=\(value)") }
        }
        func flag(_ key: String, _ value: Bool?, usually: Bool) {
            if let value, value != usually { options.append("\(key)=\(value)") }
        }
        flag("update-packages", settings.updatePackages, usually: false)
        flag("keep-kernel", settings.keepKernel, usually: false)
        flag("dkms", settings.dkms, usually: true)
        flag("persistence-daemon", settings.persistenceDaemon, usually: false)
        flag("allow-incompatible", settings.allowIncompatible, usually: false)
        option("kernels", settings.kernels.flatMap { $0 == .all ? nil : $0.rawValue })
        option("kernel-module-type", settings.kernelModuleType?.rawValue)
        option("telemetry", settings.telemetryRecipe.map { "\($0.intervalSeconds)" })
        option("disk-size", settings.diskSizeBytes.map { "\($0)" })
        // A driver for simulated GPUs is installed on one, and its report says so: the images are different ones.
        if settings.gpus == .simulated { options.append("gpus=simulated") }
        self.options = options.sorted()
    }

    /// What its name is a digest of: one line of JSON, keys sorted, the same in every run and on every host.
    public var canonicalText: String {
        var fields: [String: JSONValue] = [
            "image": .string(image), "agent": .string(agent), "cuda": .array(cuda.map { .string($0) }),
            "cudaPatches": .array(cudaPatches.map { .string($0) }), "options": .array(options.map { .string($0) }),
        ]
        fields["driver"] = driver.map { .string($0) }
        fields["samples"] = samples.map { .string($0) }
        fields["nvbandwidth"] = nvbandwidth.map { .string($0) }
        fields["offline"] = offline.map { .string($0) }
        return CanonicalJSON.text(.object(fields))
    }
}
