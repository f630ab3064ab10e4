/// Where an endpoint listens: "127.0.0.1:9835", "[::1]:9835", ":9835" and "9835" (both 127.0.0.1).
public struct ServeAddress: Equatable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    /// 0 lets the system choose.
    public var port: Int

    /// The port where nothing else is said: that of nvidia_gpu_exporter.
    public static let defaultPort = 9835

    /// Nil for what is none.
    public init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<close])
            let rest = text[text.index(after: close)...]
            guard let port = rest.isEmpty ? Self.defaultPort : rest.hasPrefix(":") ? Int(rest.dropFirst()) : nil else {
                return nil
            }
            self.port = port
            guard host.contains(":") else { return nil }
        } else if let port = Int(text) {
            (host, self.port) = ("127.0.0.1", port)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            host = parts[0].isEmpty ? "127.0.0.1" : String(parts[0])
            guard let port = parts.count == 2 ? Int(parts[1]) : Self.defaultPort else { return nil }
            self.port = port
        }
        guard !host.isEmpty, (0...65535).contains(port), !host.contains(where: { $0.isWhitespace || $0 == "/" }) else {
            return nil
        }
    }

    /// Whether only this host reaches it.
    public var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: some StringProtocol) -> Bool {
        if host == "::1" || host.lowercased() == "localhost" { return true }
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return bytes.count == 4 && bytes[0] == 127 && bytes.allSatisfy { $0 != nil }
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
