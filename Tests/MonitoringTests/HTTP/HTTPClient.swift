import Foundation
import Glibc

/// The least of a client: one request, the whole answer. Blocks, so it is called on a thread that may.
struct HTTPClient: Sendable {
    let port: Int

    struct Answer: Sendable {
        var status: Int
        /// Names in small letters.
        var headers: [String: String]
        var body: String
    }

    struct Trouble: Error {
        var words: String
    }

    /// - Parameter until: What ends the reading of an answer that has no end.
    func get(
        _ path: String, host: String = "localhost", method: String = "GET", headers: [String] = [],
        until: String? = nil
    ) async throws -> Answer {
        let head = (["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"] + headers).joined(
            separator: "\r\n")
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(with: Result { try exchange(head + "\r\n\r\n", until: until) })
            }
            thread.start()
        }
    }

    private func exchange(_ request: String, until: String?) throws -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Trouble(words: "cannot connect") }
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Trouble(words: "cannot send")
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw Trouble(words: "nothing came for a minute") }
            received += buffer[..<count]
            let text = String(decoding: received, as: UTF8.self)
            if count == 0 || until.map({ text.contains($0) }) == true { return try Self.answer(text) }
        }
    }

    private static func answer(_ text: String) throws -> Answer {
        guard let end = text.range(of: "\r\n\r\n") else { throw Trouble(words: "no answer: \(text)") }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.components(separatedBy: ": ")
            headers[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ")
        }
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: status ?? 0, headers: headers, body: String(text[end.upperBound...]))
    }
}
