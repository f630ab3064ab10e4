import Foundation
import Runfiles
import Testing

@Suite struct ToolVersionTests {
    @Test func spellingIsKeptAndNumbersCompare() throws {
        let short = try #require(ToolVersion("11.4"))
        let long = try #require(ToolVersion("11.4.0"))
        #expect(short == long && short.hashValue == long.hashValue && !(short < long))
        #expect(long.description == "11.4.0")
        #expect(ToolVersion("418.87.00")?.description == "418.87.00")
        #expect(try #require(ToolVersion("470.86")) < #require(ToolVersion("470.256.02")))
        #expect(ToolVersion("9.1.85")?.majorMinor == "9.1")
        #expect(ToolVersion("13")?.majorMinor == "13.0")
        #expect(ToolVersion("0") == ToolVersion("0.0"))
    }

    @Test(arguments: ["", ".", "1.", ".1", "1..2", "1.2a", "-1", "+1", "１", "1.2.3.4.5.6.7", "9999999999", " 1"])
    func whatIsNoVersion(_ text: String) {
        #expect(ToolVersion(text) == nil)
    }

    @Test func isAStringInJSON() throws {
        let data = try JSONEncoder().encode([try #require(ToolVersion("418.87.00"))])
        #expect(String(decoding: data, as: UTF8.self) == "[\"418.87.00\"]")
        #expect(try JSONDecoder().decode([ToolVersion].self, from: data).first?.description == "418.87.00")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([ToolVersion].self, from: Data("[\"x\"]".utf8)) }
    }
}

@Suite struct CompatibilityTests {
    enum Outcome { case fits, warning, incompatible }

    private func outcome(_ verdict: Compatibility.Verdict) -> Outcome {
        switch verdict {
        case .fits: .fits
        case .warning: .warning
        case .incompatible: .incompatible
        }
    }

    @Test(
        arguments: [
            ("390.42", "9.1.85", .warning),  // the seed: between the bundled 387.26 and the documented 390.46
            ("390.46", "9.1.85", .fits), ("387.26", "9.1.85", .warning), ("384.130", "9.1.85", .incompatible),
            ("418.39", "10.1.243", .warning),  // documented, and older than the bundled 418.87.00
            ("418.87.01", "10.1.243", .fits), ("410.48", "10.1.243", .incompatible),
            ("375.26", "8.0.44", .fits), ("367.57", "8.0.44", .fits), ("367.57", "8.0.61", .incompatible),
            ("470.256.02", "11.4.4", .fits), ("460.32.03", "11.4.4", .warning), ("440.33.01", "11.4.4", .incompatible),
            ("525.60.13", "12.4.1", .warning), ("520.61.05", "12.4.1", .incompatible),
            ("580.65.06", "13.0.0", .fits), ("570.86.10", "13.0.0", .incompatible),
            ("999.1", "12.7", .warning), ("999.1", "99.0", .warning), ("346.46", "6.5.14", .warning),
        ] as [(String, String, Outcome)])
    func driverForCUDA(_ driver: String, _ cuda: String, _ expected: Outcome) throws {
        let verdict = Compatibility.driver(try #require(ToolVersion(driver)), cuda: try #require(ToolVersion(cuda)))
        #expect(outcome(verdict) == expected, "\(verdict)")
    }

    @Test func theFileItselfKnowsItsDriverBest() throws {
        let verdict = Compatibility.driver(
            try #require(ToolVersion("470.57.02")), cuda: try #require(ToolVersion("11.4.4")),
            bundled: ToolVersion("470.82.01"))
        #expect(outcome(verdict) == .warning)
    }

    @Test func tableIsInOrder() {
        let versions = CUDARelease.all.map(\.version)
        #expect(versions == versions.sorted() && Set(versions).count == versions.count)
        let drivers = CUDARelease.all.map(\.documentedDriver)
        #expect(drivers == drivers.sorted())
    }

    @Test(
        arguments: [
            ("7.5", 4), ("8.0.61", 5), ("9.1.85", 6), ("10.0", 7), ("10.2", 8), ("11.4.0", 9), ("11.4.1", 11),
            ("11.8", 11), ("12.3", 12), ("12.6", 13), ("12.9", 14), ("13.2", 15), ("14.0", nil),
        ] as [(String, Int?)])
    func compilers(_ cuda: String, _ gcc: Int?) throws {
        #expect(Compatibility.newestGCC(forCUDA: try #require(ToolVersion(cuda))) == gcc)
    }

    @Test(arguments: [
        ("9.1.85", "3.0", "7.0"), ("10.2.89", "3.0", "7.5"), ("11.4.4", "3.5", "8.6"), ("11.8.0", "3.5", "9.0"),
        ("12.9.1", "5.0", "12.0"), ("13.0.0", "7.5", "12.0"),
    ])
    func capabilities(_ cuda: String, _ oldest: String, _ newest: String) throws {
        let cuda = try #require(ToolVersion(cuda))
        #expect(Compatibility.oldestComputeCapability(forCUDA: cuda) == ToolVersion(oldest))
        #expect(Compatibility.newestComputeCapability(forCUDA: cuda) == ToolVersion(newest))
    }

    @Test(
        arguments: [
            ("6.1", "9.1.85", .fits), ("6.1", "13.0", .incompatible), ("7.5", "9.1.85", .incompatible),
            ("3.7", "11.8.0", .fits), ("3.0", "11.0", .incompatible), ("8.7", "12.4", .warning),
            ("1.1", "9.1", .warning),
        ] as [(String, String, Outcome)])
    func capabilityForCUDA(_ capability: String, _ cuda: String, _ expected: Outcome) throws {
        let verdict = Compatibility.computeCapability(
            try #require(ToolVersion(capability)), cuda: try #require(ToolVersion(cuda)))
        #expect(outcome(verdict) == expected, "\(verdict)")
    }

    @Test func generations() throws {
        let kepler = try #require(GPUGeneration.all.first { $0.name == "Kepler" })
        #expect(kepler.verdict(driver: try #require(ToolVersion("470.256.02"))) == .fits)
        #expect(outcome(kepler.verdict(driver: try #require(ToolVersion("495.29.05")))) == .incompatible)
    }

    @Test func hypervisorIsHiddenFromOldDrivers() throws {
        #expect(Compatibility.needsHiddenHypervisor(try #require(ToolVersion("460.91.03"))))
        #expect(!Compatibility.needsHiddenHypervisor(try #require(ToolVersion("465.19.01"))))
    }
}
