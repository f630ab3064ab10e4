public import Contract

/// A distribution's package manager, used as little as possible: only for what is missing.
///
/// All that changes something waits for other processes that hold the package manager, with a deadline, and throws
/// ``PackagesNotFound`` where the sources do not have a package, a ``Failure`` of code `guest.packages-locked`,
/// `guest.space`, `deadline` or `guest.prerequisites` otherwise.
public protocol PackageManager: Sendable {
    /// Names of all installed packages.
    func installed() async throws -> Set<String>
    /// Installs what is named. Lists are brought up to date only where there are none or where the first try fails.
    func install(_ names: [String], progress: @Sendable (String) -> Void) async throws
    /// Installs what is named in the newest version, beside an installed kernel of an older one.
    func installNewest(_ names: [String], progress: @Sendable (String) -> Void) async throws
    /// Brings all packages up to date.
    func updateAll(progress: @Sendable (String) -> Void) async throws
    /// Installs what is named from the package files in a folder, with what they need from there, and without a network.
    func install(_ names: [String], fromFolder folder: String, progress: @Sendable (String) -> Void) async throws
    /// False where the sources certainly have the headers of another kernel only. True does not promise that they have
    /// them: installing tells.
    func offersHeaders(_ names: [String], of kernel: KernelIdentity) async throws -> Bool

    /// What ``install(_:progress:)`` would do first.
    func preview(installing names: [String]) throws -> [DryRun.Action]
    /// What ``updateAll(progress:)`` would do.
    func previewUpdate() throws -> [DryRun.Action]
}

extension PackageManager {
    public func offersHeaders(_ names: [String], of kernel: KernelIdentity) async throws -> Bool { true }

    /// Those of `names` that are not installed, in their order.
    public func missing(_ names: [String]) async throws -> [String] {
        guard !names.isEmpty else { return [] }
        let installed = try await installed()
        return names.filter { !installed.contains($0) }
    }
}

extension Distribution {
    /// The distribution's package manager in `guest`. `sleep` is for tests.
    public func packageManager(
        _ guest: Guest, sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) -> any PackageManager {
        switch manager {
        case .apt: AptPackages(guest, sleep: sleep)
        case .yum, .dnf: DnfPackages(guest, self, sleep: sleep)
        case .zypper: ZypperPackages(guest, isRolling: identity.line == .tumbleweed, sleep: sleep)
        case .pacman: PacmanPackages(guest, sleep: sleep)
        }
    }
}

/// The sources do not have some of the packages.
public struct PackagesNotFound: Error, Equatable, Sendable {
    /// As they were asked for.
    public var names: [String]
    /// The same in words.
    public var failure: Failure
}
