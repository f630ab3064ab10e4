/// How a patch runfile of a CUDA toolkit is called: cuda_9.1.85.2_linux, cuda_10.2.1_linux.run.
///
/// Sources: EasyBuild's and spack's way with them, and installation scripts on GitHub. The patches of 8.0 to 10.0 take
/// `--installdir`; those of 10.2 carry the toolkit's own installer.
public enum CUDAPatch {
    private static let firstProgram = ToolVersion(known: "10.1")

    /// The arguments after the .run file, the likeliest first; the others are for an installer that calls the first ones
    /// unknown.
    ///
    /// - Parameters:
    ///   - toolkit: the version of the toolkit that is patched.
    ///   - toolkitPath: where it is.
    ///   - override: skip the installer's check of the compiler, as ``CUDAInstaller/Options/override``.
    public static func arguments(toolkit: ToolVersion, toolkitPath: String, override: Bool) -> [[String]] {
        let early = ["--silent", "--accept-eula", "--installdir=\(toolkitPath)"]
        let late = ["--silent", "--toolkit", "--toolkitpath=\(toolkitPath)"] + (override ? ["--override"] : [])
        return toolkit < firstProgram ? [early, late] : [late, early]
    }

    /// Whether an installer that failed did not know its options, going by what it printed.
    public static func doesNotKnowItsOptions(_ output: String) -> Bool {
        let output = output.lowercased()
        return [
            "unknown option", "unrecognized option", "unrecognised option", "unrecognized flag", "unknown argument",
        ]
        .contains { output.contains($0) }
    }
}
