import Contract
import FoundationEssentials
import Testing

@testable import FailureCatalogue

/// Files of the package, found from this one.
enum Package {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" })

    static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw Missing(path: path) }
        return String(decoding: data, as: UTF8.self)
    }

    static func logs(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/Fixtures/logs\(folder)")
            .filter { $0.hasSuffix(".log") }.sorted()
    }

    struct Missing: Error { var path: String }
}

@Suite struct CatalogueTests {
    /// "nouveau.in-use-2.log" → "nouveau.in-use".
    private func entryName(_ file: String) -> String {
        let name = String(file.dropLast(4))
        if FailureCatalogue.entry(name) != nil { return name }
        let parts = name.split(separator: "-")
        return Int(parts.last ?? "") == nil ? name : parts.dropLast().joined(separator: "-")
    }

    @Test(arguments: try Package.logs("")) func aLogsFirstFindingIsTheEntryItIsNamedAfter(_ file: String) throws {
        let text = try Package.text("\(Package.root)/Fixtures/logs/\(file)")
        let explanation = FailureCatalogue.explain(text, name: file)
        let name = entryName(file)
        #expect(explanation.findings.first?.name == name, "\(explanation.findings.map(\.name))")
        let first = try #require(explanation.findings.first)
        #expect(first.kind == FailureCatalogue.entry(name)?.kind)
        #expect(explanation.known == (first.kind == .failure))
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map { String($0) }
        for evidence in first.evidence {
            #expect(evidence.log == file)
            let line = Printable.line(lines[evidence.line - 1])
            #expect(line.contains(evidence.text.prefix(200)) || evidence.text.hasSuffix("…"), "\(evidence)")
        }
        #expect(!first.evidence.isEmpty && first.count >= 1)
    }

    @Test func everyEntryHasALog() throws {
        let named = Set(try Package.logs("").map(entryName))
        #expect(Set(FailureCatalogue.entries.map(\.name)).subtracting(named).isEmpty)
        #expect(named.subtracting(FailureCatalogue.entries.map(\.name)).isEmpty)
    }

    @Test(arguments: try Package.logs("/healthy")) func aLogWithoutAFailureIsUnknown(_ file: String) throws {
        let explanation = FailureCatalogue.explain(
            try Package.text("\(Package.root)/Fixtures/logs/healthy/\(file)"), name: file)
        #expect(!explanation.known && explanation.first == nil, "\(explanation.findings.map(\.name))")
        #expect(explanation.logs.first?.lastLines.isEmpty == false)
        #expect(explanation.logs.first?.kind != .unknown, "\(file)")
    }

    @Test func entriesAreWellFormed() {
        var names = Set<String>()
        for entry in FailureCatalogue.entries {
            #expect(names.insert(entry.name).inserted, "\(entry.name) is there twice")
            #expect(
                !entry.patterns.isEmpty && !entry.message.isEmpty && !entry.remedy.isEmpty && !entry.sources.isEmpty)
            for text in [entry.message, entry.remedy] { #expect(text.hasSuffix(".") || text.hasSuffix(")"), "\(text)") }
            for pattern in entry.patterns {
                #expect(pattern.pieces.contains { $0.count >= 5 }, "\(entry.name): \(pattern.text) matches too much")
            }
            for name in entry.yieldsTo where name.last != "." {
                #expect(FailureCatalogue.entry(name) != nil, "\(entry.name) yields to \(name)")
            }
            // What a pattern says is found in itself.
            for pattern in entry.patterns {
                let text = pattern.text.split(separator: "{", omittingEmptySubsequences: false).enumerated()
                    .map {
                        $0 == 0 ? String($1) : "17" + ($1.split(separator: "}", maxSplits: 1).dropFirst().first ?? "")
                    }
                    .joined()
                let found = FailureCatalogue.explain(text.replacing("…", with: "17"), areas: [entry.area])
                #expect(
                    found.findings.contains { $0.name == entry.name || entry.yieldsTo.contains($0.name) },
                    "\(entry.name): \(pattern.text)")
            }
        }
    }

    /// The project's list of failures, where it is beside the checkout: each text in it is known.
    @Test func everyRowOfTheSharedListIsKnown() throws {
        let path = "\(Package.root)/../shared/failures.md"
        guard FileManager.default.fileExists(atPath: path) else { return }
        var texts = 0
        for row in try Package.text(path).split(separator: "\n") where row.hasPrefix("| ") && !row.hasPrefix("| text") {
            let cell = row.split(separator: "|")[0]
            let quoted = Self.quoted(String(cell))
            // A row of prose is its own text; a quoted number stands for the sentence before it.
            let all = quoted.isEmpty ? [String(cell)] : quoted.filter { Int($0) == nil }
            #expect(!all.isEmpty)
            for text in all {
                texts += 1
                let sample = text.replacing("…", with: "0000:41:00.0").replacing("N", with: "17")
                    .replacing("'X'", with: "'nvidia'")
                let both = [sample, text.replacing("…", with: "x")].flatMap { FailureCatalogue.explain($0).findings }
                #expect(!both.isEmpty, Comment(rawValue: text))
            }
        }
        #expect(texts > 75)
        for number in [35, 100, 802, 803, 999] {
            func found(_ text: String) -> [String] { FailureCatalogue.explain(text).findings.map(\.name) }
            #expect(found("cudaGetDeviceCount returned \(number)").contains { $0 != "cuda.other" })
            #expect(found("cudaGetDeviceCount returned \(number)1") == ["cuda.other"])
        }
    }

    /// The texts in backticks; two backticks hold a text with single ones.
    static func quoted(_ cell: String) -> [String] {
        if let start = cell.firstRange(of: "``") {
            let rest = cell[start.upperBound...]
            return [String(rest[..<(rest.firstRange(of: " ``") ?? rest.endIndex..<rest.endIndex).lowerBound])]
        }
        return cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
