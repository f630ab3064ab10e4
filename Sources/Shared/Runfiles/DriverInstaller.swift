/// How the nvidia-installer inside a driver's .run file is called, which depends on its version: it ends with status 1
/// at the first flag that it does not know.
///
/// Source: NVIDIA/nvidia-installer, option table by tag.
public enum DriverInstaller {
    /// One option of nvidia-installer.
    public struct Flag: Sendable, Equatable {
        /// The long spelling, "--no-drm".
        public var name: String
        /// Other spellings of the same option.
        public var aliases: [String]
        /// The first versions that know it. The last one opens it for every branch from there on; those before it, of
        /// older branches, only for the rest of their own branch (to which it was carried back).
        public var since: [ToolVersion]
        /// The first version that no longer knows it; nil for those that stayed.
        public var removedAt: ToolVersion?
        /// Whether a value follows (`--flag=VALUE`).
        public var takesValue: Bool

        init(
            _ name: String, _ aliases: [String] = [], since: [StaticString] = ["1.0"], removedAt: StaticString? = nil,
            takesValue: Bool = false
        ) {
            self.name = name
            self.aliases = aliases
            self.since = since.map(ToolVersion.init(known:))
            self.removedAt = removedAt.map(ToolVersion.init(known:))
            self.takesValue = takesValue
        }

        /// Whether the installer of `version` knows this option.
        public func isKnown(to version: ToolVersion) -> Bool {
            if let removedAt, version >= removedAt { return false }
            guard let open = since.last else { return false }
            return version >= open || since.dropLast().contains { $0.major == version.major && version >= $0 }
        }
    }

    /// What the caller chooses.
    public struct Options: Sendable, Equatable {
        /// Folder to extract and build in; must exist and not be mounted noexec. The wrapper passes arguments on
        /// without quotes, so it must not have spaces.
        public var tmpdir: String
        /// Whether the kernel modules are registered with DKMS, to be rebuilt for the next kernel.
        public var dkms: Bool
        /// Whether OpenGL is installed; a machine for computing has no use for it.
        public var openGL: Bool
        /// How many jobs build the kernel modules; nil leaves it to the installer.
        public var concurrency: Int?
        /// The flavour of the kernel modules; nil leaves it to the installer.
        public var kernelModules: KernelModuleFlavour?
        /// The files that the kernel modules are signed with; nil leaves them unsigned. No path may have spaces.
        public var signing: Signing?

        /// Options of an installation.
        public init(
            tmpdir: String, dkms: Bool, openGL: Bool = false, concurrency: Int? = nil,
            kernelModules: KernelModuleFlavour? = nil, signing: Signing? = nil
        ) {
            self.tmpdir = tmpdir
            self.dkms = dkms
            self.openGL = openGL
            self.concurrency = concurrency
            self.kernelModules = kernelModules
            self.signing = signing
        }
    }

    /// What the kernel modules are signed with, by the kernel's own `scripts/sign-file`.
    public struct Signing: Sendable, Equatable {
        /// The private key, PEM.
        public var key: String
        /// Its X.509 certificate, DER: kernels before 4.3 sign with a script that reads nothing else.
        public var certificate: String

        /// A pair of files.
        public init(key: String, certificate: String) {
            self.key = key
            self.certificate = certificate
        }
    }

    /// The installer's log, opened anew by each run: copy it before the next attempt. The only diagnosis there is, as
    /// the exit status is 0 or 1.
    public static let logPath = "/var/log/nvidia-installer.log"
    /// Removes the installed driver.
    public static let uninstaller = "/usr/bin/nvidia-uninstall"

    /// From here on `--accept-license` is known and does nothing.
    private static let licenceTakenAsAccepted = ToolVersion(known: "390.42")

    /// The arguments after the .run file for an unattended installation that needs no X server to be stopped.
    ///
    /// What `version` does not know is left out, which is what the options ask for in the end: a driver without
    /// `--no-dkms` does not use DKMS unless it is told to.
    public static func arguments(for version: ToolVersion, options: Options) -> [String] {
        // Two words: the wrapper takes this one for its own extraction. As `--tmpdir=` it would move only what the
        // installer itself writes.
        var arguments = ["--tmpdir", options.tmpdir, "--silent"]
        func add(_ flag: String, value: String? = nil) {
            guard accepts(flag, version: version) else { return }
            arguments.append(value.map { "\(flag)=\($0)" } ?? flag)
        }
        if version < licenceTakenAsAccepted { add("--accept-license") }
        add(options.dkms ? "--dkms" : "--no-dkms")
        if !options.openGL { add("--no-opengl-files") }
        add("--no-x-check")
        if let concurrency = options.concurrency { add("--concurrency-level", value: String(concurrency)) }
        if let flavour = options.kernelModules { arguments += flag(choosing: flavour, version: version) }
        if let signing = options.signing {
            add("--module-signing-secret-key", value: signing.key)
            add("--module-signing-public-key", value: signing.certificate)
        }
        return arguments
    }

    /// The arguments after the .run file that make it print "open" or "proprietary" for the GPUs of the machine, and do
    /// nothing else; nil where the installer cannot be asked. It need not be root, and writes no log.
    public static func recommendation(for version: ToolVersion, tmpdir: String) -> [String]? {
        let flag = "--print-recommended-kernel-module-type"
        return accepts(flag, version: version) ? ["--tmpdir", tmpdir, flag] : nil
    }

    /// How a flavour is chosen. Before 555 it is a folder of the package that is named, and before 515 there is only one.
    private static func flag(choosing flavour: KernelModuleFlavour, version: ToolVersion) -> [String] {
        if accepts("--kernel-module-type", version: version) { return ["--kernel-module-type=\(flavour.rawValue)"] }
        guard version >= KernelModuleFlavour.firstWithOpenModules else { return [] }
        return ["--kernel-module-build-directory=\(flavour == .open ? "kernel-open" : "kernel")"]
    }

    /// Whether the installer of `version` knows `flag`, by any of its spellings; a value after `=` is ignored.
    public static func accepts(_ flag: String, version: ToolVersion) -> Bool {
        let name = flag.split(separator: "=", maxSplits: 1).first.map(String.init) ?? flag
        return flags.contains { ($0.name == name || $0.aliases.contains(name)) && $0.isKnown(to: version) }
    }
}
