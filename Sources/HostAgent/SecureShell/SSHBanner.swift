import Contract
import Glibc

/// Waits until an SSH server says who it is.
///
/// A TCP connection proves nothing: QEMU's user network accepts it before the guest's sshd is up, and resets it then or
/// leaves it silent. Only the line that begins with "SSH-2.0-" (or "SSH-1.99-") is readiness.
///
/// A try begins 0.25 to 1 second after the one before, whether or not that has its answer, and waits for 10 seconds; at most five wait
/// at once: a connection made before the guest's network is up is silent until QEMU sends its SYN again, seconds after the server came.
/// A cancelled task returns at once.
///
/// - Returns: The server's identification, for example "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10".
/// - Throws: ``Failure`` `ssh.unreachable` with what the last whole try saw (one that `deadline` cut short tells only
///   where there was no other); `CancellationError`.
public func waitForSSHBanner(_ endpoint: SSHEndpoint, deadline: ContinuousClock.Instant) async throws -> String {
    let started = ContinuousClock.now
    var pause = Duration.milliseconds(250)
    var (tries, waiting) = (0, 0)
    var evidence = ""
    return try await withThrowingTaskGroup(of: BannerEvent.self) { group in
        defer { group.cancelAll() }
        func begin() {
            (tries, waiting) = (tries + 1, waiting + 1)
            let room = BlockingRoom(executor: QueueExecutor(label: "ssh-banner \(endpoint)"))
            let tryDeadline = min(deadline, ContinuousClock.now + .seconds(10))
            group.addTask {
                .answer(
                    try await room.perform { interrupt in
                        try readBanner(of: endpoint, until: tryDeadline, interrupt: interrupt)
                    })
            }
        }
        func rest() {
            let length = min(pause, max(.zero, ContinuousClock.now.duration(to: deadline)))
            pause = min(pause * 2, .seconds(1))
            group.addTask {
                // Nothing tells that a server came: it must be asked.
                try await Task.sleep(for: length)
                return .rested
            }
        }
        begin()
        rest()
        while let event = try await group.next() {
            let now = ContinuousClock.now
            switch event {
            case .answer(.banner(let text)): return text
            case .answer(.nothing(let seen)):
                waiting -= 1
                if evidence.isEmpty || now < deadline { evidence = seen }
                if waiting == 0, now >= deadline {
                    throw Failure.sshUnreachable(
                        endpoint, operation: "wait for the SSH server at \(endpoint)",
                        message: "No SSH server answered within \(wholeSeconds(started.duration(to: now))) s.",
                        evidence: ["last of \(tries) tries: \(evidence)"])
                }
            case .rested:
                // Tries that wait have the same deadline, and end the loop; where none does, the last must be now.
                guard now < deadline || waiting == 0 else { continue }
                if waiting < 5 { begin() }
                if now < deadline { rest() }
            }
        }
        throw CancellationError()
    }
}

/// What is waited for.
private enum BannerEvent: Sendable {
    case answer(BannerAnswer)
    case rested
}

/// What one try found.
private enum BannerAnswer: Sendable {
    case banner(String)
    case nothing(seen: String)
}

/// One TCP connection, read up to the banner and closed.
private func readBanner(
    of endpoint: SSHEndpoint, until deadline: ContinuousClock.Instant, interrupt: Interrupt
) throws -> BannerAnswer {
    let socket: TCPSocket
    do {
        socket = try TCPSocket.connect(to: endpoint, until: deadline, interrupt: interrupt)
    } catch let error as TCPSocket.ConnectError {
        return .nothing(seen: error.seen)
    }
    // A server may send other lines first (RFC 4253, section 4.2). What is no SSH server could send them for ever.
    let limit = 8192
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1024)
    while received.count < limit {
        guard try waitForSocket(socket.descriptor, events: Int16(POLLIN), until: deadline, interrupt: interrupt) != 0
        else {
            let what = received.isEmpty ? "and then silent" : "but sent no SSH banner"
            return .nothing(seen: "the connection was accepted \(what)")
        }
        let count = recv(socket.descriptor, &chunk, chunk.count, 0)
        if count == 0 { return .nothing(seen: "the connection was accepted and closed before a banner") }
        if count < 0 {
            if errno == EAGAIN || errno == EINTR { continue }
            return .nothing(seen: "the connection was accepted and then: \(systemMessage(errno))")
        }
        received += chunk.prefix(count)
        let lines = received.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        for line in lines {
            let text = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            if text.hasPrefix("SSH-2.0-") || text.hasPrefix("SSH-1.99-") { return .banner(text) }
        }
    }
    return .nothing(seen: "\(limit) bytes arrived without an SSH banner")
}
