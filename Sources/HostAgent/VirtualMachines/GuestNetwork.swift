import Contract
import Glibc

/// A TCP port of 127.0.0.1 that is free now, chosen by the kernel.
///
/// Somebody may take it before QEMU does: ``VirtualMachine/launch(_:qemu:portAttempts:deadline:)`` can choose another.
/// Throws a ``Failure`` with ``FailureCode/portUnavailable``.
public func freeLoopbackPort() throws -> UInt16 {
    func failure(_ call: String) -> Failure {
        Failure(
            .portUnavailable, operation: "find a free port", message: "\(call): \(errorText(errno))",
            remedy: "Name a port with --ssh-port.", retryable: true, side: .host)
    }
    guard let port = bindLoopback(0) else { throw failure("bind") }
    return port
}

/// Whether nothing listens on this port of 127.0.0.1 now.
public func isLoopbackPortFree(_ port: UInt16) -> Bool {
    bindLoopback(port) != nil
}

/// Binds and lets go again: the port that it was, nil where it is taken. 0 asks for any.
private func bindLoopback(_ port: UInt16) -> UInt16? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // As QEMU does: what a guest that is gone has left in TIME_WAIT keeps nobody off its port; who listens does.
    var reuse: Int32 = 1
    if port != 0 { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size)) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            let bound = bind(descriptor, generic, length)
            return bound == 0 ? getsockname(descriptor, generic, &length) : bound
        }
    }
    return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
}

/// The VM's MAC address: QEMU's prefix 52:54:00 and 24 bits of a hash of `name` (FNV-1a), the same in every run and on
/// every host.
public func macAddress(for name: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    // The high bits of FNV-1a mix better than the low ones; fold both.
    let folded = (hash >> 40) ^ (hash & 0xff_ffff)
    let bytes = [16, 8, 0].map { shift -> String in
        let digits = String(UInt8(truncatingIfNeeded: folded >> UInt64(shift)), radix: 16)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }
    return (["52", "54", "00"] + bytes).joined(separator: ":")
}
