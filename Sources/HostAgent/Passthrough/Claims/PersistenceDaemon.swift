import Host

/// nvidia-persistenced keeps every NVIDIA GPU open, so that none of them can leave its driver.
enum PersistenceDaemon {
    static let name = "nvidia-persistenced"
    static let driver = "nvidia"

    /// Whether systemd runs it.
    static func isActive(_ tree: any HostTree) async -> Bool {
        await tree.answer(.program(["systemctl", "is-active", "--quiet", name]))?.status == 0
    }

    static let stop = ["systemctl", "stop", name]
    /// Also where it runs again meanwhile: it takes up only the GPUs that it finds when it starts.
    static let restart = ["systemctl", "restart", name]
    /// How long either may take: systemd itself gives a service 90 seconds to stop.
    static let deadline: Duration = .seconds(120)
}
