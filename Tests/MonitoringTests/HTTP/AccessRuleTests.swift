import Testing

@testable import Monitoring

struct AccessRuleTests {
    @Test(arguments: [
        ("localhost:9835", AccessRule.Decision.allowed), ("127.0.0.1", .allowed), ("127.0.0.1:80", .allowed),
        ("[::1]:9835", .allowed), ("evil.example", .misdirected), ("evil.example:9835", .misdirected),
        ("127.0.0.1.evil.example", .misdirected), ("localhost.evil.example:9835", .misdirected), ("", .misdirected),
        ("9835", .misdirected), (":9835", .misdirected), ("10.0.0.1:9835", .misdirected),
    ])
    func withoutTokenTheNameMustBeOurs(_ host: String, _ expected: AccessRule.Decision) {
        #expect(AccessRule(token: nil).decide(AccessRule.Request(host: host)) == expected)
    }

    @Test func withoutNameNobodyComesIn() {
        #expect(AccessRule(token: nil).decide(AccessRule.Request(host: nil)) == .misdirected)
    }

    @Test(arguments: [
        (AccessRule.Request(host: "h"), AccessRule.Decision.unauthorized),
        (AccessRule.Request(host: "h", authorization: "Bearer secret-secret-42"), .allowed),
        (AccessRule.Request(host: "h", authorization: "bearer secret-secret-42"), .allowed),
        (AccessRule.Request(host: "h", authorization: "Bearer secret-secret-4"), .unauthorized),
        (AccessRule.Request(host: "h", authorization: "Bearer secret-secret-422"), .unauthorized),
        (AccessRule.Request(host: "h", authorization: "Basic secret-secret-42"), .unauthorized),
        (AccessRule.Request(host: "h", authorization: "Bearer "), .unauthorized),
        (AccessRule.Request(host: "h", cookies: "a=b; telemetry_token=secret-secret-42"), .allowed),
        (AccessRule.Request(host: "h", cookies: "telemetry_token=secret"), .unauthorized),
        (AccessRule.Request(host: "h", cookies: "xtelemetry_token=secret-secret-42"), .unauthorized),
        (AccessRule.Request(host: "h", queryToken: "secret-secret-42"), .welcomed),
        (AccessRule.Request(host: "h", queryToken: ""), .unauthorized),
    ])
    func withTokenItMustBeKnown(_ request: AccessRule.Request, _ expected: AccessRule.Decision) {
        #expect(AccessRule(token: "secret-secret-42").decide(request) == expected)
    }
}

struct ServeAddressTests {
    @Test(arguments: [
        ("9000", "127.0.0.1:9000", true), (":9000", "127.0.0.1:9000", true), ("0.0.0.0:1", "0.0.0.0:1", false),
        ("[::1]:5", "[::1]:5", true), ("[::]:5", "[::]:5", false), ("localhost", "localhost:9835", true),
        ("127.9.9.9:7", "127.9.9.9:7", true), ("gpu.example:80", "gpu.example:80", false),
        ("[::1]", "[::1]:9835", true),
    ])
    func isRead(_ text: String, _ expected: String, _ loopback: Bool) throws {
        let address = try #require(ServeAddress(text))
        #expect(address.description == expected && address.isLoopback == loopback)
    }

    @Test(arguments: [
        "", "a:b", "a:1:2", "[::1", "[::1]x", "70000", "a:70000", "a b:1", "a/b:1", "-1", "[localhost]:1",
    ])
    func whatIsNoneIsNone(_ text: String) {
        #expect(ServeAddress(text) == nil)
    }
}
