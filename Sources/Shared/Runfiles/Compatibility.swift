/// Which driver, CUDA, compiler and GPU go together.
public enum Compatibility {
    /// The answer to "does this work with that?".
    public enum Verdict: Equatable, Sendable {
        /// It does, as documented.
        case fits
        /// It may; the sentence says what is against it.
        case warning(String)
        /// It does not; the sentence says why and what would.
        case incompatible(String)
    }

    /// Whether programs of `cuda` run on `driver`.
    ///
    /// NVIDIA names two drivers for a release: that of the release notes and the one inside the .run file. Either can be
    /// the older (9.1: 390.46 and 387.26). A driver at or above both fits; at or above one of them gives a warning, for
    /// NVIDIA itself ships the lesser combination; below both it fails, except within a family from CUDA 11 on, where
    /// minor-version compatibility lets it run.
    ///
    /// - Parameters:
    ///   - driver: the driver's version.
    ///   - cuda: the release of CUDA.
    ///   - bundled: the driver in the name of the very .run file, where that is at hand; updates of a release bring newer
    ///     ones than the table knows.
    /// - Returns: the verdict; a release that the table does not have gives a warning.
    public static func driver(_ driver: ToolVersion, cuda: ToolVersion, bundled: ToolVersion? = nil) -> Verdict {
        guard let release = CUDARelease.entry(for: cuda) else {
            return .warning("CUDA \(cuda) is not in the table of known releases; its driver could not be checked.")
        }
        let documented = release.documentedDriver
        let bundled = bundled ?? release.bundledDriver
        switch (driver >= documented, driver >= bundled) {
        case (true, true):
            return .fits
        case (false, true):
            return .warning(
                "Driver \(driver) is older than \(documented), which the release notes of CUDA \(release.version) ask"
                    + " for; the driver that its runfile brings, \(bundled), is no newer.")
        case (true, false):
            return .warning(
                "Driver \(driver) is older than \(bundled), which the runfile of CUDA \(cuda) brings; the release"
                    + " notes accept it from \(documented) on.")
        case (false, false):
            let least = min(documented, bundled)
            guard let floor = CUDARelease.driverFloor(ofFamily: cuda.major), driver >= floor else {
                return .incompatible("CUDA \(cuda) needs driver \(least) or later; this is \(driver).")
            }
            return .warning(
                "Driver \(driver) is older than \(least) of CUDA \(cuda). Programs run by minor-version compatibility"
                    + " (from \(floor) on), without what is new in \(cuda.majorMinor), and PTX is not compiled.")
        }
    }

    private static let firstAtEaseInVMs = ToolVersion(known: "465")

    /// Whether `driver` refuses to work where it recognises a hypervisor, which must then be hidden from it. GeForce
    /// drivers did so before 465.
    public static func needsHiddenHypervisor(_ driver: ToolVersion) -> Bool {
        driver < firstAtEaseInVMs
    }
}
