import Glibc

/// Open files handed to another process over a unix socket, with the bytes that announce them.
public enum PassedDescriptors {
    /// How many may come with one message.
    public static let limit = 4

    /// Sends what there is room for of `bytes`, and `descriptors` (at most ``limit``) with the first of them; they stay open here.
    /// Returns how many bytes went. Throws EAGAIN where there is no room now.
    public static func send(
        _ bytes: ArraySlice<UInt8>, _ descriptors: [Int32], over socket: Int32
    ) throws(UnixSockets.Refusal) -> Int {
        precondition(descriptors.count <= limit)
        let control = Control()
        control.write(descriptors)
        let sent = bytes.withUnsafeBytes { bytes in
            var piece = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            return withUnsafeMutablePointer(to: &piece) { piece in
                var message = msghdr()
                (message.msg_iov, message.msg_iovlen) = (piece, 1)
                if !descriptors.isEmpty {
                    message.msg_control = control.memory.baseAddress
                    message.msg_controllen = Control.space(descriptors.count)
                }
                return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
            }
        }
        guard sent >= 0 else { throw UnixSockets.Refusal(errno: errno) }
        return sent
    }

    /// Receives what is there, and the files that came with it: they are the caller's, and closed in children. 0 bytes at the end.
    /// Throws EAGAIN where nothing is there yet, EMSGSIZE where more files came than there is room for.
    public static func receive(
        into buffer: UnsafeMutableRawBufferPointer, over socket: Int32
    ) throws(UnixSockets.Refusal) -> (bytes: Int, descriptors: [Int32]) {
        let control = Control()
        var piece = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
        var message = msghdr()
        let received = withUnsafeMutablePointer(to: &piece) { piece in
            (message.msg_iov, message.msg_iovlen) = (piece, 1)
            message.msg_control = control.memory.baseAddress
            message.msg_controllen = control.memory.count
            return recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC))
        }
        guard received >= 0 else { throw UnixSockets.Refusal(errno: errno) }
        let descriptors = control.read(message.msg_controllen)
        guard message.msg_flags & Int32(MSG_CTRUNC) == 0 else {
            for descriptor in descriptors { close(descriptor) }
            throw UnixSockets.Refusal(errno: EMSGSIZE)
        }
        return (received, descriptors)
    }

    /// What cmsg(3) does with macros, which Swift does not have: one header, behind it the descriptors.
    private final class Control {
        private static let head = (MemoryLayout<cmsghdr>.size + 7) & ~7
        private static func length(_ count: Int) -> Int { head + count * MemoryLayout<Int32>.size }
        static func space(_ count: Int) -> Int { (length(count) + 7) & ~7 }

        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: space(PassedDescriptors.limit), alignment: MemoryLayout<cmsghdr>.alignment)

        init() {
            memory.initializeMemory(as: UInt8.self, repeating: 0)
        }

        func write(_ descriptors: [Int32]) {
            var header = cmsghdr()
            header.cmsg_len = Self.length(descriptors.count)
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = Int32(SCM_RIGHTS)
            memory.storeBytes(of: header, as: cmsghdr.self)
            for (place, descriptor) in descriptors.enumerated() {
                memory.storeBytes(of: descriptor, toByteOffset: Self.length(place), as: Int32.self)
            }
        }

        func read(_ count: Int) -> [Int32] {
            guard count >= Self.head else { return [] }
            let header = memory.load(as: cmsghdr.self)
            guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == Int32(SCM_RIGHTS) else { return [] }
            let files = (min(Int(header.cmsg_len), count) - Self.head) / MemoryLayout<Int32>.size
            return (0..<max(0, files)).map { memory.load(fromByteOffset: Self.length($0), as: Int32.self) }
        }

        deinit {
            memory.deallocate()
        }
    }
}
