import Contract
import Testing

@Suite struct HostnameTests {
    @Test(arguments: [
        "web", "web-1", "a", "0", "WEB.example.org", String(repeating: "a", count: 63),
        String(repeating: "a", count: 31) + "." + String(repeating: "b", count: 32),
    ])
    func names(_ name: String) { #expect(Hostname.isValid(name)) }

    @Test(arguments: [
        "", ".", "web.", ".web", "a..b", "-web", "web-", "we b", "web\n", "web_1", "wéb", "web;reboot",
        String(repeating: "a", count: 64), String(repeating: "a", count: 32) + "." + String(repeating: "b", count: 32),
    ])
    func noNames(_ name: String) { #expect(!Hostname.isValid(name)) }
}
