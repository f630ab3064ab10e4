import Contract
import SecureShell
import VirtualMachines

/// Who can log in, with what, and how they become root.
struct GuestLogin: Sendable {
    /// The logins to try, in order.
    var logins: [SSHLogin]
    /// Answers sudo where it asks; nil where it must not ask.
    var sudoPassword: String?
    /// True for keys handed in at boot: they may take some seconds to be in place once sshd answers.
    var mayArriveLate: Bool

    /// The names that distributions give the user of their cloud images. An ephemeral key is put in place for "the
    /// default user" whoever that is, so each is tried; root, by the SMBIOS credential, comes first.
    static let cloudUsers = [
        "debian", "ubuntu", "fedora", "centos", "rocky", "almalinux", "cloud-user", "ec2-user", "opensuse", "arch",
    ]

    /// One user with credentials of the person's own.
    init(user: String, credentials: [SSHCredential], sudoPassword: String?) {
        logins = [SSHLogin(user: user, credentials: credentials)]
        self.sudoPassword = sudoPassword
        mayArriveLate = false
    }

    init(access: Job.Access, keys: GuestKeys, context: JobContext) {
        switch access {
        case .ephemeral:
            let user = SSHCredential.privateKeyFile(path: keys.userKey, passphrase: nil)
            logins =
                [SSHLogin(user: "root", credentials: [.privateKeyFile(path: keys.rootKey, passphrase: nil)])]
                + Self.cloudUsers.map { SSHLogin(user: $0, credentials: [user]) }
            mayArriveLate = true
        case .user(let name, let identity, let usesPassword, let usesAgent):
            var credentials: [SSHCredential] = []
            if let identity { credentials.append(.privateKeyFile(path: identity, passphrase: context.passphrase)) }
            if usesAgent { credentials.append(.agent(socketPath: nil)) }
            if usesPassword, let password = context.password { credentials.append(.password(password)) }
            self = GuestLogin(
                user: name, credentials: credentials, sudoPassword: usesPassword ? context.password : nil)
        }
    }

    /// The same, with the login that worked before in front.
    func preferring(_ user: String?) -> GuestLogin {
        guard let user, let index = logins.firstIndex(where: { $0.user == user }) else { return self }
        var login = self
        login.logins.insert(login.logins.remove(at: index), at: 0)
        return login
    }
}
