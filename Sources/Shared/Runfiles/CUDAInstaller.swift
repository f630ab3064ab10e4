/// How the installer inside a CUDA .run file is called. There are two: a Perl script up to 10.0, and the program
/// cuda-installer from 10.1.
///
/// Source: CUDA Installation Guide, and spack's cuda package.
public enum CUDAInstaller {
    /// What the caller chooses.
    public struct Options: Sendable, Equatable {
        /// Where the toolkit goes; ``CUDAInstaller/defaultToolkitPath(_:)`` is NVIDIA's choice.
        public var toolkitPath: String
        /// Where the samples go; nil for none. Ignored where the file has none.
        public var samplesPath: String?
        /// Folder to extract in; nil for the installer's own choice (`$TMPDIR`, else /tmp).
        public var tmpdir: String?
        /// Whether the installer's own checks are skipped: it refuses compilers newer than those it was tested with,
        /// though a newer one compiles what is asked of it here more often than not.
        public var override: Bool

        /// Options of an installation.
        public init(toolkitPath: String, samplesPath: String?, tmpdir: String?, override: Bool) {
            self.toolkitPath = toolkitPath
            self.samplesPath = samplesPath
            self.tmpdir = tmpdir
            self.override = override
        }
    }

    /// Files that must be deleted before the installer starts: from 10.1 it crashes when it finds its log of another
    /// user's run.
    public static let fatalLeftovers = ["/tmp/cuda-installer.log"]

    /// The first version with the program instead of the Perl script.
    private static let firstProgram = ToolVersion(known: "10.1")
    /// The first version whose file has no samples.
    private static let firstWithoutSamples = ToolVersion(known: "11.6")

    /// The arguments after the .run file that install the toolkit without its driver.
    ///
    /// Both installers know `--override`; it is there when ``Options/override`` says so and not by itself, because it
    /// silences checks. `--verbose` goes to the Perl script only, which says nothing otherwise.
    public static func arguments(for version: ToolVersion, options: Options) -> [String] {
        var arguments = ["--silent", "--toolkit", "--toolkitpath=\(options.toolkitPath)"]
        if let samplesPath = options.samplesPath, hasSamples(version) {
            arguments += ["--samples", "--samplespath=\(samplesPath)"]
        }
        if let tmpdir = options.tmpdir {
            // One word, other than the driver's.
            arguments.append("--tmpdir=\(tmpdir)")
        }
        if options.override { arguments.append("--override") }
        if version < firstProgram { arguments.append("--verbose") }
        return arguments
    }

    /// Whether the file brings the CUDA samples: up to 11.5. Later they are on GitHub only.
    public static func hasSamples(_ version: ToolVersion) -> Bool {
        version < firstWithoutSamples
    }

    /// Where the installer's log may be, the likeliest first; a `*` stands for a process id.
    public static func logPaths(for version: ToolVersion) -> [String] {
        version < firstProgram
            ? ["/tmp/cuda_install_*.log"] : ["/var/log/cuda-installer.log", "/tmp/cuda-installer.log"]
    }

    /// Where NVIDIA installs a toolkit when nobody says otherwise: "/usr/local/cuda-11.4".
    public static func defaultToolkitPath(_ version: ToolVersion) -> String {
        "/usr/local/cuda-\(version.majorMinor)"
    }

    /// The program that removes the toolkit which was installed at `toolkitPath`.
    public static func uninstallerPath(_ version: ToolVersion, toolkitPath: String) -> String {
        version < firstProgram
            ? "\(toolkitPath)/bin/uninstall_cuda_\(version.majorMinor).pl" : "\(toolkitPath)/bin/cuda-uninstaller"
    }
}
