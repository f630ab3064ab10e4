/// The two units with which a generalised image becomes machines of their own. Keys that systemd 219 knows.
enum IdentityUnits {
    /// At each boot: whoever starts first is reached under its own keys and name.
    static let identity = "gpu-guest-identity.service"
    static let identityFile = "/etc/systemd/system/" + identity
    static let identityWanted = "/etc/systemd/system/multi-user.target.wants/" + identity

    /// At the end of the boot in which the machine is sealed. It is in /run and gone afterwards.
    static let forgetting = "gpu-guest-forget.service"
    static let forgettingFile = "/run/systemd/system/" + forgetting

    /// What listens for SSH or makes its keys, and what brings up the network: names of Debian, Ubuntu, EL, SUSE, Arch.
    private static let users = [
        "cloud-init-local.service", "network-pre.target", "network.target", "networking.service",
        "NetworkManager.service", "systemd-networkd.service", "wicked.service", "wickedd.service", "dhcpcd.service",
        "ssh.service", "ssh.socket", "sshd.service", "sshd.socket", "sshd-unix-local.socket", "sshd-vsock.socket",
        "sshd-keygen.service", "sshd-keygen.target", "sshd-keygen@rsa.service", "sshd-keygen@ecdsa.service",
        "sshd-keygen@ed25519.service", "sshdgenkeys.service",
    ]

    /// It needs no other service and none may be started before it, hence without the default dependencies. A condition, since
    /// an undone image has no agent.
    static let identityText = """
        # Written by gpu-guest-agent.
        [Unit]
        Description=Give this machine an identity of its own
        DefaultDependencies=no
        After=local-fs.target systemd-remount-fs.service
        Before=\(users.joined(separator: " ")) shutdown.target
        Conflicts=shutdown.target
        ConditionPathExists=\(AgentInstallation.program)

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=\(AgentInstallation.program) identity
        TimeoutStartSec=600

        [Install]
        WantedBy=multi-user.target

        """

    /// Stopping goes the other way round: it stops when those are down that write a lease or a seed at their own end. That is
    /// also after the last login, so that the SSH keys can go.
    static let forgettingText = """
        # Written by gpu-guest-agent.
        [Unit]
        Description=Forget what makes this machine itself
        DefaultDependencies=no
        RequiresMountsFor=/etc/ssh /usr/local/libexec /var/lib/systemd \(StateFolder.path)
        Before=\(users.joined(separator: " ")) systemd-random-seed.service shutdown.target
        Conflicts=shutdown.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/bin/true
        ExecStop=\(AgentInstallation.program) identity --forget
        TimeoutStopSec=120

        """
}
