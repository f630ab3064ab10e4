import CLibSSH2
import Contract

extension Session {
    /// Connects, exchanges keys and checks the server's. `keyTypes` are the only ones to take, in this order; all that are
    /// known without.
    ///
    /// - Returns: A session that nobody is logged in to, and the server's key.
    /// - Throws: ``Failure`` `ssh.unreachable` or `ssh.host-key-changed`.
    static func open(
        _ endpoint: SSHEndpoint, hostKey policy: HostKeyPolicy, keyTypes: [String]? = nil,
        until deadline: ContinuousClock.Instant, interrupt: Interrupt
    ) throws -> (Session, HostKeyPin) {
        let operation = "connect to \(endpoint)"
        let message = "No SSH connection to \(endpoint) could be made."
        let socket: TCPSocket
        do {
            socket = try TCPSocket.connect(to: endpoint, until: deadline, interrupt: interrupt)
        } catch let error as TCPSocket.ConnectError {
            throw Failure.sshUnreachable(endpoint, operation: operation, message: message, evidence: [error.seen])
        }
        let session = try Session(socket: socket, endpoint: endpoint, interrupt: interrupt)
        session.preferAlgorithms(policy, keyTypes)
        do {
            try session.perform(until: deadline) { libssh2_session_handshake(session.raw, socket.descriptor) }
        } catch let error as LibraryError {
            session.markBroken(error.description)
            throw session.handshakeFailure(error, operation: operation, message: message)
        } catch is DeadlinePassed {
            session.markBroken("the handshake was not finished")
            throw Failure.sshUnreachable(
                endpoint, operation: operation, message: message,
                evidence: ["the TCP connection was accepted, the SSH handshake did not finish in time"])
        }
        return (session, try session.verifiedHostKey(policy))
    }

    private func preferAlgorithms(_ policy: HostKeyPolicy, _ keyTypes: [String]?) {
        // A pinned key's own algorithm comes first, or the server could show another of its keys, which would look
        // like another machine.
        var types = keyTypes ?? HostKeyPin.types
        if case .pinned(let pin) = policy, let index = types.firstIndex(of: pin.type) {
            types.insert(types.remove(at: index), at: 0)
        }
        let algorithms = types.flatMap { type in
            type == "ssh-rsa" && Library.signsRSAWithSHA2 ? ["rsa-sha2-512", "rsa-sha2-256", type] : [type]
        }
        libssh2_session_method_pref(raw, LIBSSH2_METHOD_HOSTKEY, algorithms.joined(separator: ","))
    }

    private func handshakeFailure(_ error: LibraryError, operation: String, message: String) -> Failure {
        let exchange = [LIBSSH2_ERROR_KEX_FAILURE, LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE, LIBSSH2_ERROR_METHOD_NONE]
        guard exchange.contains(error.code) else {
            return .sshUnreachable(endpoint, operation: operation, message: message, evidence: [error.description])
        }
        let banner = libssh2_session_banner_get(raw).map { [String(cString: $0)] } ?? []
        let library = libssh2_version(0).map { String(cString: $0) } ?? "unknown"
        return Failure(
            .sshUnreachable, operation: operation,
            message: "The SSH server at \(endpoint) and libssh2 \(library) have no algorithm in common.",
            evidence: banner + [error.description],
            remedy: Library.signsRSAWithSHA2
                ? "Allow current algorithms in the server's sshd_config."
                : "Most often the server has only an RSA host key, whose SHA-2 signatures libssh2 knows from 1.11 on: "
                    + "in the image, run `ssh-keygen -A` and allow ssh-ed25519 host keys in sshd_config.",
            side: .host)
    }

    private func verifiedHostKey(_ policy: HostKeyPolicy) throws -> HostKeyPin {
        var length = 0
        var type: Int32 = 0
        let key = libssh2_session_hostkey(raw, &length, &type)
        let blob = key.map { UnsafeRawBufferPointer(start: $0, count: length).map { $0 } }
        // 32 bytes of SHA-256, owned by the session.
        let digest = libssh2_hostkey_hash(raw, LIBSSH2_HOSTKEY_HASH_SHA256)
            .map { UnsafeRawBufferPointer(start: $0, count: 32).map { $0 } }
        guard let blob, let digest, let shown = HostKeyPin(blob: blob, sha256: digest) else {
            throw Failure.sshBroken(
                endpoint, operation: "connect to \(endpoint)", seen: "the server showed no host key")
        }
        if case .pinned(let pin) = policy, pin != shown {
            throw Failure.sshHostKeyChanged(endpoint, pinned: pin, shown: shown)
        }
        return shown
    }
}
