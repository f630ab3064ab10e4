import Testing

@testable import Fleet

struct HostListTests {
    @Test(
        arguments: [
            ("node1", ["node1"]), ("a,b", ["a", "b"]), ("gpu[1-3]", ["gpu1", "gpu2", "gpu3"]),
            ("gpu[08-10,12],login1", ["gpu08", "gpu09", "gpu10", "gpu12", "login1"]),
            ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]), ("n[5]-ib", ["n5-ib"]),
        ] as [(String, [String])])
    func listsAreExpanded(_ text: String, _ names: [String]) {
        #expect(HostList.names(text) == names)
    }

    @Test(
        arguments: [
            "", ",", "a,", "gpu[", "gpu[1-", "gpu[]", "gpu[3-1]", "gpu[1-2-3]", "gpu[a]", "no de", "a]b", "gpu[1,]",
            "a[1-99999][1-99999]", "a[0-999999999]",
        ])
    func whatIsNoList(_ text: String) {
        #expect(HostList.names(text) == nil)
    }
}
