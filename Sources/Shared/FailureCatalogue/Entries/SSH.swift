import Contract

extension CatalogueEntry {
    /// What clients of SSH say: OpenSSH's and libssh2's words, and this tool's own.
    static let ssh: [CatalogueEntry] = [
        CatalogueEntry(
            "ssh.no-banner", .sshUnreachable, .host, [.ssh], .cause,
            says: [
                "kex_exchange_identification: read: Connection reset", "kex_exchange_identification: Connection closed",
                "kex_exchange_identification: … Connection reset",
                "ssh_exchange_identification: read: Connection reset",
                "ssh_exchange_identification: Connection closed by remote host", "reset before a banner",
                "closed before a banner", "sent no SSH banner", "without an SSH banner",
                "Connection timed out during banner exchange", "Error reading SSH protocol banner",
                "Failed getting banner",
            ],
            message:
                "The connection was accepted and cut before the server named itself: QEMU's user network accepts before"
                + " sshd is up.",
            remedy: "Wait for the banner, each try with its own deadline; look at the console whether the guest boots.",
            retryable: true, yieldsTo: ["sshd."]),
        CatalogueEntry(
            "sshd.no-client", .sshUnreachable, .guest, [.ssh], .symptom, kind: .notAnError,
            says: ["error: kex_exchange_identification:"],
            message: "Somebody looked whether the SSH server is there, and left without logging in.",
            remedy: "Nothing has to be done."),
        CatalogueEntry(
            "ssh.authentication-refused", .sshRefused, .host, [.ssh], .root,
            says: [
                "Permission denied (publickey", "Permission denied (password", "Permission denied (gssapi",
                "Permission denied, please try again", "authentication refused", "Authentication failed",
                "Too many authentication failures", "refuses every login",
                "Please login as the user '{user}' rather than the user 'root'",
            ],
            message: "The guest refuses the login: cloud images have no password.",
            remedy: "Seed a key with cloud-init, or name the user and key that the image knows (--user, --identity)."),
        CatalogueEntry(
            "ssh.old-sshd", .rebootFailed, .guest, [.ssh], .cause,
            says: [
                "the old sshd answers", "the boot id is the same as before", "boot id has not changed",
                "boot_id is unchanged",
            ],
            message: "The SSH server that answers after the reboot is the one from before it.",
            remedy:
                "Wait on, comparing /proc/sys/kernel/random/boot_id; if it never changes, reboot the guest by hand.",
            retryable: true),
        CatalogueEntry(
            "ssh.host-key-changed", .sshHostKeyChanged, .host, [.ssh], .root,
            says: [
                "REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed", "its host key has changed",
            ],
            message: "The SSH server is not the machine of before: its host key has changed.",
            remedy:
                "Find out which machine listens there. If it was reinstalled on purpose, remove the stored host key."),
        CatalogueEntry(
            "ssh.no-common-algorithm", .sshBroken, .host, [.ssh], .root,
            says: [
                "no matching host key type found", "no matching key exchange method found",
                "Unable to exchange encryption keys", "no mutual signature algorithm",
            ],
            message: "Client and server have no algorithm in common.",
            remedy: "Use ed25519 keys: libssh2 1.10 has no rsa-sha2, and servers refuse SHA-1."),
        CatalogueEntry(
            "ssh.connection-refused", .sshUnreachable, .host, [.ssh], .general,
            says: [
                "connect to host {host} port {port}: Connection refused",
                "connect to host {host} port {port}: Connection timed out",
                "connect to host {host} port {port}: No route to host",
            ],
            message: "No SSH server answers there.",
            remedy: "See whether the machine has booted (its console) and runs an SSH server.", retryable: true),
    ]
}
