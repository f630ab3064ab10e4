/// The facts as the table of places has them.
struct FactTable: Sendable {
    /// An output's column in the table.
    enum Column: Int, CaseIterable {
        case xml = 2, text, csv, monitor
    }

    /// One fact.
    struct Row: Sendable {
        var key: String
        var kind: FactKind
        /// Where XML, -q, CSV and dmon have it, each in the order in which they are tried.
        var places: [[String]]
    }

    /// By ``GPUFact``'s number.
    let rows: [Row]

    /// The only one, read when it is first asked for.
    static let shared = FactTable(places)

    private init(_ places: String) {
        var rows: [Row] = []
        var prefixes = ["", "", ""]
        var line: Substring = ""
        for next: Substring in places.split(separator: "\n") + ["."] {
            if next.utf8.first == UInt8(ascii: " ") {
                line += next.dropFirst()
                continue
            }
            if line.utf8.first == UInt8(ascii: ">") {
                let fields = line.dropFirst(2).split(separator: "|", omittingEmptySubsequences: false).map(String.init)
                prefixes = (0..<3).map { $0 < fields.count ? fields[$0] : "" }
                if prefixes[1] == "=" { prefixes[1] = Self.spoken(prefixes[0]) }
            } else if let row = Self.row(line, prefixes) {
                rows.append(row)
            }
            line = next
        }
        self.rows = rows
    }

    private static func row(_ line: Substring, _ prefixes: [String]) -> Row? {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false)
        guard fields.count >= 2, let kind = FactKind(String(fields[1])) else { return nil }
        let places = Column.allCases.map { column -> [String] in
            guard column.rawValue < fields.count else { return [] }
            let index = column.rawValue - 2
            var field = String(fields[column.rawValue])
            if column == .text, field == "=" { field = spoken(String(fields[Column.xml.rawValue])) }
            return field.split(separator: ",").map { place in
                place.utf8.first == UInt8(ascii: "~") && index < 3
                    ? prefixes[index] + place.dropFirst() : String(place)
            }
        }
        return Row(key: String(fields[0]), kind: kind, places: places)
    }

    /// "fb_memory_usage" as -q says it.
    private static func spoken(_ path: String) -> String {
        String(decoding: path.utf8.map { $0 == UInt8(ascii: "_") ? 0x20 : $0 }, as: UTF8.self)
    }
}

extension GPUFact {
    /// The fact's name: as in Swift, and as the key in JSON.
    public var key: String { FactTable.shared.rows[rawValue].key }

    /// The fact with this name; nil where there is none.
    public init?(key: String) {
        guard let index = FactTable.shared.rows.firstIndex(where: { $0.key == key }) else { return nil }
        self.init(rawValue: index)
    }

    var kind: FactKind { FactTable.shared.rows[rawValue].kind }
}
