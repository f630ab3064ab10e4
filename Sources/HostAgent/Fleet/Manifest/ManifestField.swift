import Contract

/// A field of a guest: one row of the table from which manifests are read and the schema is written.
struct ManifestField: Sendable {
    var key: String
    /// For the schema, and so for what an editor shows.
    var summary: String
    var schema: JSONValue
    /// Puts the value into the settings.
    var store: @Sendable (MarkedValue, ManifestHome, inout GuestSettings) throws(ManifestProblem) -> Void

    init<Value>(
        _ key: String, _ kind: FieldKind<Value>, _ path: any WritableKeyPath<GuestSettings, Value?> & Sendable,
        _ summary: String
    ) {
        self.init(key, kind, summary) { settings, value in settings[keyPath: path] = value }
    }

    init<Value>(
        _ key: String, _ kind: FieldKind<Value>, _ summary: String,
        put: @escaping @Sendable (inout GuestSettings, Value) -> Void
    ) {
        self.key = key
        self.summary = summary
        schema = kind.schema
        store = { (value: MarkedValue, home: ManifestHome, settings: inout GuestSettings) throws(ManifestProblem) in
            guard let read = try kind.read(value, home) else {
                throw ManifestProblem(
                    value.mark, "", "\(key) is \(value.seen); it takes \(kind.expected).", "Mend it, or leave it out.")
            }
            put(&settings, read)
        }
    }

    /// All of them, named as the options of the command line are.
    static let all: [ManifestField] = [
        ManifestField("image", .path, \.image, "The disk image that the guest is made of. It is never written."),
        ManifestField("driver", .path, \.driver, "NVIDIA's driver runfile."),
        ManifestField("cuda", .paths, \.cuda, "CUDA runfiles; the first is the default toolkit."),
        ManifestField("cuda-patches", .paths, \.cudaPatches, "Patch runfiles of these toolkits."),
        ManifestField("samples", .path, \.samples, "NVIDIA's cuda-samples, for toolkits that bring none."),
        ManifestField("nvbandwidth", .path, \.nvbandwidth, "nvbandwidth, a program or its sources."),
        ManifestField("offline", .path, \.offline, "A folder of packages to install from, without a network."),
        ManifestField("update-packages", .flag, \.updatePackages, "Bring all packages up to date first."),
        ManifestField("keep-kernel", .flag, \.keepKernel, "Fail rather than replace the kernel."),
        ManifestField("kernels", .choice, \.kernels, "Kernels that are rid of nouveau."),
        ManifestField(
            "kernel-module-type", .choice, \.kernelModuleType, "Flavour of the driver's modules; as the GPU has it."),
        ManifestField("dkms", .flag, \.dkms, "Register the module with DKMS where the guest has it."),
        ManifestField("persistence-daemon", .flag, \.persistenceDaemon, "Enable nvidia-persistenced."),
        ManifestField("allow-incompatible", .flag, \.allowIncompatible, "Go on where versions do not fit each other."),
        ManifestField("disk-size", .size, \.diskSizeBytes, "Grow disk, root partition and file system to this."),
        ManifestField("telemetry", .flag, \.telemetry, "Let the guest tell of its GPUs, for `telemetry` on its host."),
        ManifestField(
            "telemetry-interval", .number(TelemetryRecipe.intervals), \.telemetryInterval,
            "Seconds between two samples; 1 unless told."),
        ManifestField("gpus", .gpus, \.gpus, "The guest's GPUs: how many, which, or `simulated`."),
        ManifestField("memory", .size, \.memoryBytes, "Guest memory."),
        ManifestField("cpus", .whole(1...255), \.cpus, "Guest CPUs."),
        ManifestField("machine", .choice, \.machine, "Chipset."),
        ManifestField("disk-bus", .choice, \.diskBus, "How the root disk is attached."),
        ManifestField("nic", .choice, \.nic, "Network card."),
        ManifestField("ports", .ports, \.ports, "Ports of 127.0.0.1 that lead into the guest."),
        ManifestField(
            "hostname", .text, \.hostname, "The guest's name for itself; {name} is the guest's in this manifest."),
        ManifestField("ssh-keys", .paths, \.sshKeys, "Public keys that may log in."),
        ManifestField("cloud-init", .path, \.cloudInit, "More user-data for cloud-init (#cloud-config)."),
        ManifestField(
            "prove", .flag, \.prove, "Ask each guest that is started whether CUDA works in it; true unless told."),
        // Those of the guest beside those of the defaults.
        ManifestField("labels", .labels, "For choosing guests: --only team=vision.") { settings, labels in
            settings.labels = (settings.labels ?? [:]).merging(labels) { $1 }
        },
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}
