import FoundationEssentials

/// One line of the ledger.
///
/// `ledger.jsonl` is a JSON object a line, appended and synced one by one. The first is `begun` with the schema. A line
/// that a crash tore is cut off; what it was to say had not happened yet.
enum ChangeRecord: Codable, Equatable {
    /// The first line.
    case begun(schema: Int)
    /// `path` is about to be changed for the first time. `kept` is where its content is, for a file; `making` is what it
    /// will be, where that is known beforehand.
    case original(path: String, state: FileState, kept: String?, making: FileState?)
    /// `path` is, or is about to be, made this.
    case made(path: String, state: FileState)
    /// A folder that is not there is about to be made.
    case directory(path: String)
    /// Packages are about to be installed that were not there.
    case packages([String])
    /// A unit is about to be enabled that was not.
    case unit(String)
    /// `path` was put back, or left as somebody else made it since.
    case settled(path: String, Change.Outcome)
    /// These packages were removed again.
    case packagesRemoved([String])
    /// This unit was disabled again.
    case unitDisabled(String)

    static let schema = 1

    var line: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    init(line: String) throws {
        self = try JSONDecoder().decode(ChangeRecord.self, from: Data(line.utf8))
    }
}
