import CLibSSH2
import Contract
import Glibc

/// How one credential fared.
enum CredentialOutcome {
    case accepted
    /// The server said no, or the credential is of no use here.
    case refused(String)
    /// Nothing was sent to the server, because the credential itself is unusable.
    case unusable(String)
    /// The server hung up (MaxAuthTries); `tried` of an agent's keys were refused before.
    case disconnected(String, tried: Int)
}

extension Session {
    /// The methods that the server offers to `user`; nil where it let the user in without any.
    func offeredMethods(to user: String, until deadline: ContinuousClock.Instant) throws -> [String]? {
        var list: UnsafeMutablePointer<CChar>?
        try perform(until: deadline) {
            list = libssh2_userauth_list(raw, user, UInt32(user.utf8.count))
            if list != nil || libssh2_userauth_authenticated(raw) != 0 { return 0 }
            return libssh2_session_last_errno(raw)
        }
        return list.map { String(cString: $0).split(separator: ",").map(String.init) }
    }

    /// Tries one credential. `skipped` keys of an agent were tried on an earlier connection.
    func authenticate(
        _ user: String, with credential: SSHCredential, offered: [String], skipping skipped: Int,
        until deadline: ContinuousClock.Instant
    ) throws -> CredentialOutcome {
        switch credential {
        case .privateKeyFile(let path, let passphrase):
            guard offered.contains("publickey") else { return .refused("the server takes no keys") }
            return try tryKey(user, path: path, passphrase: passphrase, until: deadline)
        case .password(let password):
            return try tryPassword(user, password, offered: offered, until: deadline)
        case .agent(let path):
            guard offered.contains("publickey") else { return .refused("the server takes no keys") }
            return try tryAgent(user, socketPath: path, skipping: skipped, until: deadline)
        }
    }

    private func tryKey(
        _ user: String, path: String, passphrase: String?, until deadline: ContinuousClock.Instant
    ) throws -> CredentialOutcome {
        let key: PrivateKeyFile
        do { key = try PrivateKeyFile(path: path) } catch let error as PrivateKeyFile.Unusable {
            return .unusable(error.reason)
        }
        if key.isEncrypted, passphrase == nil { return .unusable("is encrypted and no passphrase was given") }
        do {
            // No public part: libssh2 derives it, and a stale PATH.pub can do no harm.
            try perform(until: deadline) {
                key.bytes.withUnsafeBytes { bytes in
                    libssh2_userauth_publickey_frommemory(
                        raw, user, user.utf8.count, nil, 0, bytes.baseAddress, bytes.count, passphrase)
                }
            }
            return .accepted
        } catch let error as LibraryError {
            let type = key.type ?? "key"
            switch error.code {
            case LIBSSH2_ERROR_FILE, LIBSSH2_ERROR_METHOD_NONE, LIBSSH2_ERROR_ALLOC,
                LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:

                return .unusable(
                    key.isEncrypted
                        ? "the passphrase does not open it (\(error.description))"
                        : "libssh2 cannot use it (\(error.description))")
            case _ where error.isHangUp: return .disconnected(error.description, tried: 0)
            case _ where type == "ssh-rsa" && !Library.signsRSAWithSHA2:
                return .refused(
                    "refused: libssh2 before 1.11 signs RSA with SHA-1, which OpenSSH 8.8 and later refuse; use an "
                        + "ed25519 key (ssh-keygen -t ed25519)")
            default: return .refused("\(type) refused: \(error.description)")
            }
        }
    }

    private func tryPassword(
        _ user: String, _ password: String, offered: [String], until deadline: ContinuousClock.Instant
    ) throws -> CredentialOutcome {
        do {
            if offered.contains("password") {
                try perform(until: deadline) {
                    libssh2_userauth_password_ex(
                        raw, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count), nil)
                }
                return .accepted
            }
            guard offered.contains("keyboard-interactive") else { return .refused("the server takes no passwords") }
            try answerPrompts(user, password, until: deadline)
            return .accepted
        } catch let error as LibraryError {
            if error.isHangUp { return .disconnected(error.description, tried: 0) }
            if error.code == LIBSSH2_ERROR_PASSWORD_EXPIRED { return .refused("right, but it has expired") }
            return .refused("refused: \(error.description)")
        }
    }

    /// Keyboard-interactive: the password is the answer to every prompt that hides its input.
    private func answerPrompts(_ user: String, _ password: String, until deadline: ContinuousClock.Instant) throws {
        guard let secret = strdup(password) else { return }
        // The callback is a C function without a context of its own; the session's abstract pointer carries it.
        let context = libssh2_session_abstract(raw)
        context?.pointee = UnsafeMutableRawPointer(secret)
        defer {
            context?.pointee = nil
            free(secret)
        }
        try perform(until: deadline) {
            libssh2_userauth_keyboard_interactive_ex(raw, user, UInt32(user.utf8.count)) {
                _, _, _, _, count, prompts, responses, abstract in
                guard let secret = abstract?.pointee, let prompts, let responses else { return }
                for index in 0..<Int(max(0, count)) where prompts[index].echo == 0 {
                    let answer = strdup(secret.assumingMemoryBound(to: CChar.self))
                    // libssh2 frees the answer.
                    responses[index].text = answer
                    responses[index].length = answer.map { UInt32(strlen($0)) } ?? 0
                }
            }
        }
    }

    private func tryAgent(
        _ user: String, socketPath: String?, skipping skipped: Int, until deadline: ContinuousClock.Instant
    ) throws -> CredentialOutcome {
        guard let agent = libssh2_agent_init(raw) else { return .unusable("libssh2 has no agent support") }
        defer { libssh2_agent_free(agent) }
        if let socketPath { libssh2_agent_set_identity_path(agent, socketPath) }
        guard libssh2_agent_connect(agent) == 0 else { return .unusable("does not answer: \(lastError(0).text)") }
        defer { libssh2_agent_disconnect(agent) }
        guard libssh2_agent_list_identities(agent) == 0 else {
            return .unusable("does not list its keys: \(lastError(0).text)")
        }
        var identity: UnsafeMutablePointer<libssh2_agent_publickey>?
        var tried = 0
        while libssh2_agent_get_identity(agent, &identity, identity) == 0, let key = identity {
            if tried < skipped {
                tried += 1
                continue
            }
            do {
                try perform(until: deadline) { libssh2_agent_userauth(agent, user, key) }
                return .accepted
            } catch let error as LibraryError where error.isHangUp {
                return .disconnected(error.description, tried: tried)
            } catch is LibraryError {
                tried += 1
            }
        }
        return tried == 0 ? .unusable("holds no keys") : .refused("all \(tried) keys refused")
    }
}

extension LibraryError {
    /// Whether the connection is gone, in contrast to a request that was refused on a healthy one.
    var isDisconnect: Bool {
        [
            LIBSSH2_ERROR_SOCKET_DISCONNECT, LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_RECV,
            LIBSSH2_ERROR_SOCKET_NONE, LIBSSH2_ERROR_BAD_SOCKET, LIBSSH2_ERROR_TIMEOUT, LIBSSH2_ERROR_SOCKET_TIMEOUT,
        ].contains(code)
    }

    /// Whether the server hung up during the login. libssh2 reports that like a refusal (-19), but says what it was
    /// waiting for instead of what is invalid; on the dead connection it would refuse all that follows.
    var isHangUp: Bool { isDisconnect || text.hasPrefix("Waiting for") }
}
