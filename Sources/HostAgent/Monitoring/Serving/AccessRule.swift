/// Who may read an endpoint. Pure.
///
/// On loopback without a token, everybody of this host: then the Host header has to be one of loopback's names, else a web
/// page of elsewhere could read it through a name of its own that leads to 127.0.0.1 (DNS rebinding). With a token the name
/// does not matter: the cookie goes to the name that it came from only.
public struct AccessRule: Sendable {
    /// The cookie that stands for the token.
    public static let cookie = "telemetry_token"

    private let token: String?

    /// - Parameter token: What a reader has to know; nil where the address is loopback and none was asked for.
    public init(token: String?) {
        self.token = token
    }

    /// What a request brings.
    public struct Request: Sendable {
        /// The Host header.
        public var host: String?
        /// The Authorization header.
        public var authorization: String?
        /// The Cookie headers, joined.
        public var cookies: String
        /// `token` of the query.
        public var queryToken: String?

        public init(host: String?, authorization: String? = nil, cookies: String = "", queryToken: String? = nil) {
            self.host = host
            self.authorization = authorization
            self.cookies = cookies
            self.queryToken = queryToken
        }
    }

    /// What becomes of it.
    public enum Decision: Equatable, Sendable {
        case allowed
        /// The query has the token: it becomes a cookie, and leaves the address.
        case welcomed
        /// 421: not a name of ours.
        case misdirected
        /// 401.
        case unauthorized
    }

    public func decide(_ request: Request) -> Decision {
        guard let token else {
            return request.host.map { Self.isLoopbackAuthority($0) } == true ? .allowed : .misdirected
        }
        if let queryToken = request.queryToken { return Self.same(queryToken, token) ? .welcomed : .unauthorized }
        if let authorization = request.authorization {
            let words = authorization.split(separator: " ", maxSplits: 1)
            let isBearer = words.count == 2 && words[0].lowercased() == "bearer"
            return isBearer && Self.same(words[1], token) ? .allowed : .unauthorized
        }
        for pair in request.cookies.split(separator: ";") {
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == Self.cookie, Self.same(parts[1], token) { return .allowed }
        }
        return .unauthorized
    }

    static func isLoopbackAuthority(_ authority: String) -> Bool {
        guard let address = ServeAddress(authority) else { return false }
        // "8080" alone is a port for people, and no host of a browser's.
        return address.isLoopback && !authority.hasPrefix(":") && Int(authority) == nil
    }

    /// Compares in a time that tells nothing of where they differ.
    static func same(_ given: some StringProtocol, _ token: String) -> Bool {
        let (given, token) = (Array(given.utf8), Array(token.utf8))
        guard !token.isEmpty else { return false }
        var difference = given.count ^ token.count
        for place in 0..<token.count {
            difference |= Int((place < given.count ? given[place] : 0) ^ token[place])
        }
        return difference == 0
    }
}
