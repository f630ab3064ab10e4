import Contract
import FoundationEssentials
import Host

/// What readers of an endpoint have to know where others can reach it. In a file, never on a command line.
enum TelemetryToken {
    /// The token in `path`, which is made, 0600, where it is not there. Throws a ``Contract/Failure``.
    static func load(_ path: String) throws -> String {
        let operation = "read the token of the telemetry endpoint"
        if let data = FileManager.default.contents(atPath: path) {
            let token = String(decoding: data.prefix(4096), as: UTF8.self).split(whereSeparator: \.isWhitespace).first
            // Of these it can stand in an address, a header and a cookie as it is.
            guard let token, token.utf8.count >= 16, token.utf8.allSatisfy(isPlain) else {
                throw Failure(
                    .optionInvalid, operation: operation,
                    message: "\(path) holds no token: at least 16 letters, digits, dashes and underscores.",
                    remedy: "Remove the file: a new one is made. Or write one there, readable for you alone.",
                    side: .host)
            }
            return String(token)
        }
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)
        let token = String(decoding: (0..<43).map { _ in letters[Int(random.next() & 63)] }, as: UTF8.self)
        do {
            try replaceFile(path, with: "\(token)\n".utf8)
        } catch {
            throw Failure(
                .hostSpace, operation: operation, message: "\(path) cannot be written: \(error)",
                remedy: "Choose another place with --token-file, or make it writable.", side: .host)
        }
        return token
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
