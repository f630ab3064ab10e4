import Contract
import FoundationEssentials
import Testing

@testable import FailureCatalogue

@Suite struct ExplainerTests {
    private let nouveau = "The Nouveau kernel driver is currently in use by your system."

    @Test func theCauseComesBeforeWhatFollowsFromIt() {
        let log = """
            ERROR: Unable to load the kernel module 'nvidia.ko'.
            ERROR: \(nouveau)
            ERROR: Installation has failed.
            """
        #expect(FailureCatalogue.explain(log).findings.map(\.name) == ["nouveau.in-use", "driver.load"])
    }

    @Test(arguments: [
        "Nouveau kernel driver is\n       currently in use\r\n by your system",
        "[  1.5] nouveau kernel driver is currently\n[  1.6] in use by your system",
        "Fri 2024-11-15 14:15:47 UTC h kernel: nouveau kernel driver is\nFri 2024-11-15 14:15:47 UTC h kernel: currently in use by your system",
        "Mar 12 10:14:07 h app[1]: NOUVEAU kernel driver is\nMar 12 10:14:07 h app[1]: currently in use by your system",
        "\u{feff}Nouveau \u{1b}[31mkernel\u{1b}[0m driver is currently in use by your system",
        "Nouveau\0 kernel driver\tis currently  in use by your system",
    ]) func matchesThroughWrapsPrefixesAndEscapes(_ text: String) {
        #expect(FailureCatalogue.explain(text).first?.name == "nouveau.in-use")
    }

    @Test func tellsLinesAsAnEditorCountsThem() throws {
        let log = "one\r\n\r\n50%\r99%\rthree: \(nouveau)\nfour"
        let explanation = FailureCatalogue.explain(log, name: "x.log")
        #expect(explanation.first?.evidence == [.init(log: "x.log", line: 3, text: "three: \(nouveau)")])
        #expect(explanation.logs.first?.lines == 4)
    }

    @Test func keepsDetails() {
        let log = "ERROR: An NVIDIA kernel module 'nvidia-drm' appears to be already\n loaded in your kernel."
        #expect(FailureCatalogue.explain(log).first?.details == ["module": "nvidia-drm"])
        #expect(
            FailureCatalogue.explain("vfio: error getting device 0000:41:00.0 from group 17: Device or resource busy")
                .first?
                .details == ["device": "0000:41:00.0", "group": "17"])
    }

    @Test func whatWentWellInTheEndIsAWarning() {
        let warning = "WARNING: Failed to register the NVIDIA kernel modules with DKMS."
        let done = "-> Installation of the NVIDIA driver (version: 1) is now complete."
        #expect(FailureCatalogue.explain("\(warning)\n\(done)").findings.map(\.kind) == [.warning])
        #expect(FailureCatalogue.explain("\(done)\n\(warning)").findings.map(\.kind) == [.failure])
    }

    @Test func aCompilersNameAndAComplaintOfAnotherLineAreNoMissingCompiler() {
        #expect(FailureCatalogue.explain("sh: 1: gcc-12: not found").first?.name == "driver.kernel-compiler-missing")
        #expect(!FailureCatalogue.explain("CC=/usr/bin/gcc-12\nsh: 1: pahole: not found").known)
    }

    @Test func anUnknownFailureCarriesTheEndOfEveryLog() {
        var explainer = Explainer()
        explainer.add((1...30).map { "alpha \($0)" }.joined(separator: "\n"), name: "a")
        explainer.add("", name: "empty")
        explainer.add("beta\n\n  \n", name: "b")
        let explanation = explainer.explanation
        #expect(!explanation.known && explanation.findings.isEmpty)
        #expect(explanation.logs.map(\.name) == ["a", "empty", "b"])
        #expect(explanation.logs[0].lastLines == (21...30).map { "alpha \($0)" })
        #expect(explanation.logs[1].lastLines.isEmpty && explanation.logs[2].lastLines == ["beta"])
        let text = explanation.lines().joined(separator: "\n")
        #expect(text.hasPrefix("unknown") && text.contains("alpha 30") && text.contains("beta"))
    }

    @Test func piecesGiveTheSameAsTheWhole() throws {
        for file in try Package.logs("").prefix(60) {
            let bytes = Array(try Package.text("\(Package.root)/Fixtures/logs/\(file)").utf8)
            var pieces = Explainer()
            pieces.begin("x")
            for start in stride(from: 0, to: bytes.count, by: 7) {
                pieces.feed(bytes[start..<min(start + 7, bytes.count)])
            }
            pieces.end()
            #expect(pieces.explanation == FailureCatalogue.explain(String(decoding: bytes, as: UTF8.self), name: "x"))
        }
    }

    /// What is kept of a log is bounded, whatever stands in it.
    @Test func hostileLogsAreBounded() {
        let unit = "RmInitAdapter failed! Xid (PCI:0): 31, \u{1b}]unfinished error getting device from group 1"
        for separator in ["", "\n", "\r", "\0"] {
            let log = Array(repeating: unit, count: 4000).joined(separator: separator)
            let explanation = FailureCatalogue.explain(log + "\n" + nouveau)
            #expect(explanation.findings.contains { $0.name == "nouveau.in-use" })
            for finding in explanation.findings {
                #expect(finding.evidence.count <= Explainer.places * Explainer.linesOfPlace)
                #expect(finding.evidence.allSatisfy { $0.text.count <= 401 })
            }
        }
    }

    @Test func textFitsAndIsClean() throws {
        for file in try Package.logs("") {
            let text = try Package.text("\(Package.root)/Fixtures/logs/\(file)")
            for line in FailureCatalogue.explain(text + "\u{1b}[2J", name: file).lines(width: 80) {
                #expect(line.count <= 80 || !line.drop { $0 == " " }.contains(" "), "\(line)")
                #expect(!line.utf8.contains { $0 < 0x20 })
            }
        }
    }

    @Test func jsonIsStable() throws {
        let explanation = FailureCatalogue.explain("x\n\(nouveau)", name: "a.log")
        let data = try JSONEncoder().encode(explanation)
        #expect(try JSONDecoder().decode(Explanation.self, from: data) == explanation)
        let text = String(decoding: data, as: UTF8.self)
        for key in [
            "schema", "known", "findings", "logs", "name", "code", "kind", "side", "retryable", "evidence", "lastLines",
        ] {
            #expect(text.contains("\"\(key)\":"))
        }
    }
}

@Suite struct TroubleshootingTests {
    @Test func theDocumentIsUpToDate() throws {
        let path = "\(Package.root)/Documentation/Troubleshooting.md"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Troubleshooting.document.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try Package.text(path) == Troubleshooting.document, "UPDATE_GOLDEN=1 writes it anew")
    }
}
