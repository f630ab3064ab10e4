import Contract
import Glibc

/// Waits until an SSH server says who it is.
///
/// A TCP connection proves nothing: QEMU's user network accepts it before the guest's sshd is up, and resets it then or
/// leaves it silent. Only the line that begins with "SSH-2.0-" (or "SSH-1.99-") is readiness.
///
/// Each try has its own deadline of 10 seconds, tries are 0.25 to 1 second apart, and a cancelled task returns at once.
///
/// - Returns: The server's identification, for example "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10".
/// - Throws: ``Failure`` `ssh.unreachable` with what the last whole try saw (one that `deadline` cut short tells only
///   where there was no other); `CancellationError`.
public func waitForSSHBanner(_ endpoint: SSHEndpoint, deadline: ContinuousClock.Instant) async throws -> String {
    let executor = QueueExecutor(label: "ssh-banner \(endpoint)")
    let room = BlockingRoom(executor: executor, interrupt: Interrupt())
    let started = ContinuousClock.now
    var pause = Duration.milliseconds(250)
    var tries = 0
    var evidence = ""
    while true {
        tries += 1
        let tryDeadline = min(deadline, ContinuousClock.now + .seconds(10))
        let answer = try await room.perform { interrupt in
            try readBanner(of: endpoint, until: tryDeadline, interrupt: interrupt)
        }
        switch answer {
        case .banner(let text): return text
        case .nothing(let seen):
            let now = ContinuousClock.now
            if tries == 1 || now < deadline { evidence = seen }
            if now + pause >= deadline {
                throw Failure.sshUnreachable(
                    endpoint, operation: "wait for the SSH server at \(endpoint)",
                    message: "No SSH server answered within \(wholeSeconds(started.duration(to: now))) s.",
                    evidence: ["last of \(tries) tries: \(evidence)"])
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
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
