/// cloud-init, where it runs in this boot.
public struct CloudInit: Sendable {
    private let guest: Guest

    /// The cloud-init of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// Waits, two minutes at most, until it is done with this boot: it installs packages and writes the files that
    /// the seal removes. How it ended is no concern of ours. Returns at once where it does not run.
    public func wait() async throws {
        guard guest.root.isDirectory("/run/cloud-init") else { return }
        _ = try await guest.runner.run("cloud-init", "status", "--wait", deadline: .seconds(120))
    }
}
