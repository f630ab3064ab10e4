import Contract

/// Reads logs, as they come in pieces, and explains them. Memory is bounded whatever the logs' size; time is in proportion
/// to it.
public struct Explainer: Sendable {
    /// Places of one entry that are kept as evidence.
    static let places = 3
    /// Lines of one place.
    static let linesOfPlace = 6

    private let areas: Set<FailureArea>
    private let index = FailureCatalogue.index
    private var findings: [Int: Found] = [:]
    private var logs: [Explanation.Log] = []
    private var scanner: LogScanner?

    /// What is known of an entry so far.
    private struct Found {
        var finding: Explanation.Finding
        /// In the order of discovery.
        var order: Int
        /// Lines at which it was found, for ``CatalogueEntry/yieldsTo``: log and line.
        var lines: Set<[Int]>
    }

    /// An explainer that looks in `areas`.
    public init(areas: Set<FailureArea> = Set(FailureArea.allCases)) {
        self.areas = areas
    }

    /// Adds a whole log.
    public mutating func add(_ text: String, name: String) {
        begin(name)
        var text = text
        text.withUTF8 { scanner?.feed(UnsafeRawBufferPointer($0)) }
        end()
    }

    /// Begins a log; ``feed(_:)`` its bytes and ``end()`` it.
    public mutating func begin(_ name: String) {
        end()
        scanner = LogScanner(name: name, index: index)
    }

    /// Adds bytes of the log that was begun.
    public mutating func feed(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { scanner?.feed($0) }
    }

    /// Ends the log that was begun.
    public mutating func end() {
        guard var scanner else { return }
        self.scanner = nil
        scanner.finish()
        let name = Printable.line(scanner.name, limit: 200)
        for hit in scanner.hits.sorted(by: { $0.key < $1.key }).flatMap(\.value.first) {
            let entry = index.entries[hit.entry]
            guard areas.contains(entry.area) else { continue }
            let text = hit.lines.map(\.text).joined(separator: " ")
            let evidence = hit.lines.map {
                Explanation.Evidence(log: name, line: $0.number, text: Printable.line($0.text, limit: 400))
            }
            // The wording that ended first may not be the one that says most.
            let details = entry.patterns.reduce(into: [String: String]()) { all, pattern in
                all.merge(pattern.details(in: text)) { first, _ in first }
            }
            .mapValues { Printable.line($0, limit: 120) }
            var found =
                findings[hit.entry]
                ?? Found(
                    finding: Explanation.Finding(
                        name: entry.name, code: entry.code, kind: entry.kind, side: entry.side, message: entry.message,
                        remedy: entry.remedy, retryable: entry.retryable, evidence: [], count: 0, details: [:],
                        source: name), order: findings.count, lines: [])
            if found.finding.evidence.count < Self.places * Self.linesOfPlace {
                found.finding.evidence += evidence.filter { !found.finding.evidence.contains($0) }
            }
            found.finding.details.merge(details) { first, _ in first }
            found.lines.formUnion(hit.lines.map { [logs.count, $0.number] })
            findings[hit.entry] = found
        }
        for (number, hits) in scanner.hits where findings[number] != nil {
            let entry = index.entries[number]
            let isOurs = findings[number]?.finding.count == 0
            findings[number]?.finding.count += hits.count
            guard entry.kind == .failure else { continue }
            if scanner.successes[entry.area].map({ $0 < hits.last }) ?? true {
                findings[number]?.finding.kind = .failure
            } else if isOurs {
                // Further down the log says that all went well.
                findings[number]?.finding.kind = .warning
            }
        }
        logs.append(
            Explanation.Log(
                name: name, kind: scanner.kind, lines: scanner.lineCount,
                lastLines: scanner.lastLines.map { Printable.line($0, limit: 400) }))
    }

    /// What has been found so far, in the logs that have ended.
    public var explanation: Explanation {
        let told = findings.filter { !isSaidBetter($0.key) }
        let sorted = told.sorted { left, right in
            let one = index.entries[left.key]
            let other = index.entries[right.key]
            if left.value.finding.kind != right.value.finding.kind {
                return left.value.finding.kind < right.value.finding.kind
            }
            return one.rank != other.rank ? one.rank > other.rank : left.value.order < right.value.order
        }
        let all: [Explanation.Finding] = sorted.map { $0.value.finding }
        return Explanation(known: all.contains { $0.kind == .failure }, findings: all, logs: logs)
    }

    /// Whether another finding says what this one says, and more (``CatalogueEntry/yieldsTo``).
    private func isSaidBetter(_ number: Int) -> Bool {
        guard let found = findings[number] else { return false }
        return index.entries[number].yieldsTo.contains { name in
            findings.contains { (other: Int, otherFound: Found) -> Bool in
                guard other != number else { return false }
                let otherName = index.entries[other].name
                if name.last == "." {
                    return otherName.hasPrefix(name) && !otherFound.lines.isDisjoint(with: found.lines)
                }
                return otherName == name
            }
        }
    }
}
