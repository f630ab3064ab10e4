import Contract

/// A session in which somebody is logged in.
struct LoggedIn {
    var session: Session
    var user: String
    var hostKey: HostKeyPin
}

/// Tries logins until one is accepted, on as many TCP connections as that takes: OpenSSH allows no change of the user
/// within a connection, and hangs up after MaxAuthTries refusals.
struct LoginSequence {
    let endpoint: SSHEndpoint
    let logins: [SSHLogin]
    let policy: HostKeyPolicy
    let deadline: ContinuousClock.Instant
    let interrupt: Interrupt

    /// One line for each credential that did not work, and one for each user's methods.
    private var notes: [String] = []
    private var sawServerRefuse = false

    init(
        endpoint: SSHEndpoint, logins: [SSHLogin], policy: HostKeyPolicy, deadline: ContinuousClock.Instant,
        interrupt: Interrupt
    ) {
        self.endpoint = endpoint
        self.logins = logins
        self.policy = policy
        self.deadline = deadline
        self.interrupt = interrupt
    }

    /// - Throws: ``Failure`` `ssh.unreachable`, `ssh.host-key-changed`, `ssh.authentication-refused`,
    ///   `identity.unusable`; `CancellationError`.
    mutating func run() throws -> LoggedIn {
        for login in logins {
            do {
                if let accepted = try attempt(login) { return accepted }
            } catch is DeadlinePassed {
                throw Failure.sshUnreachable(
                    endpoint, operation: "log in to \(endpoint)", message: "The login was not finished in time.",
                    evidence: notes)
            } catch let error as LibraryError {
                throw Failure.sshUnreachable(
                    endpoint, operation: "log in to \(endpoint)", message: "The connection ended during the login.",
                    evidence: notes + [error.description])
            }
        }
        throw refusal()
    }

    private mutating func attempt(_ login: SSHLogin) throws -> LoggedIn? {
        var next = 0
        var skipped = 0
        var offeredNoted = false
        // One round is one TCP connection. With nothing to try, one round still asks whether the user needs no proof.
        repeat {
            let (session, hostKey) = try Session.open(
                endpoint, hostKey: policy, until: deadline, interrupt: interrupt)
            let loggedIn = LoggedIn(session: session, user: login.user, hostKey: hostKey)
            guard let offered = try session.offeredMethods(to: login.user, until: deadline) else { return loggedIn }
            if !offeredNoted {
                notes.append("\(login.user): the server offers \(offered.joined(separator: ", "))")
                offeredNoted = true
            }
            var progressed = false
            connection: while next < login.credentials.count {
                let credential = login.credentials[next]
                let name = "\(login.user), \(credential.name)"
                switch try session.authenticate(
                    login.user, with: credential, offered: offered, skipping: skipped, until: deadline)
                {
                case .accepted: return loggedIn
                case .refused(let reason):
                    sawServerRefuse = true
                    notes.append("\(name): \(reason)")
                case .unusable(let reason): notes.append("\(name): \(reason)")
                case .disconnected(let reason, let tried):
                    session.markBroken(reason)
                    if tried > skipped { progressed = true }
                    skipped = max(skipped, tried)
                    if !progressed {
                        // On a fresh connection too it was this credential that ended it.
                        sawServerRefuse = true
                        notes.append("\(name): the server hung up (\(reason))")
                        next += 1
                        skipped = 0
                    }
                    break connection
                }
                progressed = true
                next += 1
                skipped = 0
            }
        } while next < login.credentials.count
        return nil
    }

    private func refusal() -> Failure {
        let users = logins.map(\.user).joined(separator: ", ")
        if !sawServerRefuse, logins.contains(where: { !$0.credentials.isEmpty }) {
            return Failure(
                .identityUnusable, operation: "log in to \(endpoint)",
                message: "None of the keys and passwords for \(users) can be used.", evidence: notes,
                remedy: "Give a readable ed25519 or ECDSA private key with --identity, or --password-file.", side: .host
            )
        }
        return Failure(
            .sshRefused, operation: "log in to \(endpoint)",
            message: "The SSH server at \(endpoint) let none of these users in: \(users).", evidence: notes,
            remedy: "Name the image's user with --user and its key with --identity, or use --password-file; "
                + "a cloud image has no credentials of its own and needs a seed.",
            side: .host)
    }
}

extension SSHCredential {
    /// For messages; never the secret.
    var name: String {
        switch self {
        case .privateKeyFile(let path, _): "key \(path)"
        case .password: "password"
        case .agent(let path): path.map { "ssh-agent \($0)" } ?? "ssh-agent"
        }
    }
}
