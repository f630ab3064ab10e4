import Contract
import Guest
import Runfiles

/// The installation of a driver that was begun and did not come to its end, as its marker tells: "535.261.03", with
/// "beside" after it where there was an uninstaller before, which is another driver's.
struct DriverAttempt {
    let version: String
    /// Whether an uninstaller that is there can only have come with the attempt.
    let isAlone: Bool

    private static let marker = InstallMarker(.driver)
    private static let beside = "beside"

    /// To be called before the installer runs; again after an interruption it remembers what was there at first.
    static func begin(_ version: String, _ root: SystemRoot) throws {
        let isAlone = found(root)?.isAlone ?? !root.exists(DriverInstaller.uninstaller)
        try marker.set(root, isAlone ? version : "\(version) \(beside)")
    }

    /// Nil where there is none.
    static func found(_ root: SystemRoot) -> DriverAttempt? {
        let words = (marker.text(root) ?? "").words
        return words.first.map { DriverAttempt(version: $0, isAlone: !words.contains(beside)) }
    }

    /// Whether the driver that is installed is ours, whole or in part, as far as can be told.
    static func isOurs(_ context: StepContext) async throws -> Bool {
        let attempt = found(context.root)
        let stamp = DriverStamp.installed(context.root)
        // Of another kernel there may be no module: the uninstaller is that of the driver that is there.
        guard let installed = try await KernelModules(context.guest).version(of: "nvidia") else {
            return stamp != nil || attempt?.isAlone == true
        }
        return installed == stamp || installed == attempt?.version
    }
}
