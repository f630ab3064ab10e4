import Dispatch
import Glibc
import Synchronization

/// A listener on loopback that is no SSH server.
public final class StubListener: Sendable {
    public enum Manner: Sendable {
        /// Accepts and resets, as QEMU's user network does while the guest has no sshd.
        case reset
        /// Accepts and says nothing.
        case silent
        /// Resets the first connection, and is silent from then on.
        case resetOnce
        /// Says nothing to the first connection, and this to those after it: a guest whose network comes up meanwhile.
        case silentOnce(String)
        /// Accepts and sends this for ever.
        case chatter(String)
    }

    public let port: UInt16
    private let descriptor: Int32
    private let accepted = Mutex(0)

    /// Connections so far.
    public var connections: Int { accepted.withLock { $0 } }

    public init(_ manner: Manner) throws {
        (descriptor, port) = try bindLoopback()
        listen(descriptor, 16)
        let descriptor = descriptor
        Thread.detach { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 { return }
                let number = self?.accepted.withLock { count in
                    count += 1
                    return count
                }
                switch manner {
                case .resetOnce where number != 1: break
                case .reset, .resetOnce:
                    var linger = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                    close(client)
                case .silentOnce(let text) where number != 1:
                    let bytes = Array(text.utf8)
                    send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                    close(client)
                case .silent, .silentOnce: break
                case .chatter(let text):
                    let bytes = Array(text.utf8)
                    while send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 {}
                    close(client)
                }
            }
        }
    }

    public func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private enum Thread {
        static func detach(_ body: @escaping @Sendable () -> Void) {
            DispatchQueue(label: "stub listener").async(execute: body)
        }
    }
}

/// A port that nobody listens on, for now; the same one is not given out twice.
public func freePort() throws -> UInt16 {
    while true {
        let (descriptor, port) = try bindLoopback()
        close(descriptor)
        if givenPorts.withLock({ $0.insert(port).inserted }) { return port }
    }
}

private let givenPorts = Mutex<Set<UInt16>>([])

private struct BindError: Error {
    var code: Int32
}

private func bindLoopback() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
        }
    }
    guard status == 0 else { throw BindError(code: errno) }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

private let INADDR_LOOPBACK: UInt32 = 0x7f00_0001
