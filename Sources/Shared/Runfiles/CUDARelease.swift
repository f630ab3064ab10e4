/// A release of CUDA and the drivers that NVIDIA names for it.
///
/// Sources: the release notes' table of drivers, and the names of the .run files.
public struct CUDARelease: Sendable, Equatable {
    /// The release; updates of it (11.4.4) belong to the nearest entry at or below.
    public var version: ToolVersion
    /// The least driver according to the release notes.
    public var documentedDriver: ToolVersion
    /// The driver inside the .run file, where it is another.
    public var bundledDriver: ToolVersion

    private init(_ version: StaticString, _ documented: StaticString, bundled: StaticString? = nil) {
        self.version = ToolVersion(known: version)
        documentedDriver = ToolVersion(known: documented)
        bundledDriver = ToolVersion(known: bundled ?? documented)
    }

    /// The releases from 7.0 on, oldest first.
    public static let all: [CUDARelease] = [
        CUDARelease("7.0", "346.46"),
        CUDARelease("7.5", "352.31"),
        CUDARelease("8.0.44", "367.48"),
        CUDARelease("8.0.61", "375.26"),
        CUDARelease("9.0", "384.81"),
        CUDARelease("9.1", "390.46", bundled: "387.26"),
        CUDARelease("9.2", "396.26"),
        CUDARelease("10.0", "410.48"),
        CUDARelease("10.1", "418.39", bundled: "418.87.00"),
        CUDARelease("10.2", "440.33"),
        CUDARelease("11.0", "450.51.05"),
        CUDARelease("11.1", "455.23"),
        CUDARelease("11.2", "460.27.03"),
        CUDARelease("11.3", "465.19.01"),
        CUDARelease("11.4", "470.42.01"),
        CUDARelease("11.5", "495.29.05"),
        CUDARelease("11.6", "510.39.01"),
        CUDARelease("11.7", "515.43.04"),
        CUDARelease("11.8", "520.61.05"),
        CUDARelease("12.0", "525.60.13"),
        CUDARelease("12.1", "530.30.02"),
        CUDARelease("12.2", "535.54.03"),
        CUDARelease("12.3", "545.23.06"),
        CUDARelease("12.4", "550.54.14"),
        CUDARelease("12.5", "555.42.02"),
        CUDARelease("12.6", "560.28.03"),
        CUDARelease("12.8", "570.26", bundled: "570.86.10"),
        CUDARelease("12.9", "575.51.03"),
        CUDARelease("13.0", "580.65.06"),
        CUDARelease("13.1", "590.44.01"),
        CUDARelease("13.2", "595.45.04"),
    ]

    /// The entry for `version` or the update of it; nil for a release that the table does not have.
    public static func entry(for version: ToolVersion) -> CUDARelease? {
        let release = all.filter { $0.version.major == version.major && $0.version.minor == version.minor }
        // "8.0" with nothing after it is the first 8.0.
        return release.last { $0.version <= version } ?? release.first
    }

    private static let familyFloors = [
        11: ToolVersion(known: "450"), 12: ToolVersion(known: "525"), 13: ToolVersion(known: "580"),
    ]

    /// The oldest driver on which programs of a CUDA family run at all, by NVIDIA's minor-version compatibility, which
    /// began with 11. Nil for older CUDA, where every release needs its own driver, and for families not yet known.
    public static func driverFloor(ofFamily major: Int) -> ToolVersion? {
        familyFloors[major]
    }
}
