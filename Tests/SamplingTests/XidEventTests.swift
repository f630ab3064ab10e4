import Telemetry
import Testing

@testable import Sampling

struct XidEventTests {
    @Test(
        arguments: [
            (
                "3,1,2,-;NVRM: Xid (PCI:0000:00:16): 79, pid=1582, name=python, GPU has fallen off the bus.", 79,
                "0000:00:16.0", "pid=1582, name=python, GPU has fallen off the bus."
            ),
            (
                "3,1,2,-;NVRM: Xid (PCI:0000:cb:00): 13, pid='<unknown>', name=<unknown>, Graphics SM Warp Exception",
                13,
                "0000:cb:00.0", "pid='<unknown>', name=<unknown>, Graphics SM Warp Exception"
            ),
            (
                "4,1,2,-;NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None)", 154,
                "0000:01:00.0",
                "GPU recovery action changed from 0x0 (None)"
            ),
            (
                "NVRM: Xid (PCI:0000:01:00 GPU-I:05): 94, pid=7194, Contained: CE", 94, "0000:01:00.0",
                "GPU-I:05: pid=7194, Contained: CE"
            ),
            (
                "NVRM: Xid (PCI:0000:01:00 GPU-I:05 GPU-CI:01): 13, pid=9", 13, "0000:01:00.0",
                "GPU-I:05 GPU-CI:01: pid=9"
            ),
            ("NVRM: Xid (0000:03:00): 13, 0003 00000000", 13, "0000:03:00.0", "0003 00000000"),
            ("NVRM: Xid (0003:00): 6, PE0002", 6, "0000:03:00.0", "PE0002"),
            ("12,9,9,-;NVRM: NVRM: Xid (PCI:0001:00:00.0): 79, lost", 79, "0001:00:00.0", "lost"),
            ("NVRM: Xid (PCI:10000:0A:1f): 48, DBE", 48, "10000:0a:1f.0", "DBE"),
            ("NVRM: Xid (somewhere): 31, \u{1b}[31mMMU Fault", 31, nil, "MMU Fault"),
            ("NVRM: Xid (PCI:0000:01:00): 62", 62, "0000:01:00.0", ""),
        ] as [(String, Int, String?, String)])
    func everySpellingIsRead(_ record: String, _ code: Int, _ address: String?, _ text: String) {
        #expect(XidEvent(kernelRecord: record) == XidEvent(code: code, pciAddress: address, text: text))
    }

    @Test(arguments: [
        "", "6,1,2,-;NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.14",
        "NVRM: GPU at PCI:0000:03:00: GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7", "NVRM: Xid (PCI:0000:01:00",
        "NVRM: Xid (PCI:0000:01:00): x", "NVRM: Xid (PCI:0000:01:00): 0, x", "NVRM: Xid (PCI:0000:01:00): 99999999, x",
        "NVRM: Xid (PCI:0000:01:00): 99999999999999999999, x",
        "nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal", " SUBSYSTEM=pci",
    ])
    func otherRecordsAreNone(_ record: String) {
        #expect(XidEvent(kernelRecord: record) == nil)
    }

    @Test func aLongOneIsCut() throws {
        let record = "NVRM: Xid (PCI:0000:01:00): 13, " + String(repeating: "x", count: 5000)
        #expect(try #require(XidEvent(kernelRecord: record)).text.count <= TelemetryLimits.text)
    }

    @Test func aFloodIsThinned() {
        var limit = RateLimit(burst: 3, perSecond: 2, now: 10)
        #expect((0..<5).map { _ in limit.admits(at: 10) } == [true, true, true, false, false])
        #expect([limit.admits(at: 10.5), limit.admits(at: 10.5)] == [true, false])
        // However long it was quiet, no more than the burst at once; and a clock that goes back gives nothing.
        #expect((0..<5).map { _ in limit.admits(at: 1000) } == [true, true, true, false, false])
        #expect(!limit.admits(at: 900) && !limit.admits(at: 1000))
    }
}
