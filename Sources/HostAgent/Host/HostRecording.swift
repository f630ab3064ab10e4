import Contract
import FoundationEssentials
public import SystemPackage

/// What was looked at on a host, and what it answered, failures included: a bug report's file, written by `doctor --record`
/// and read by `--system-root FILE`. Only what was looked at is in it, and no secrets (``Redaction``).
public struct HostRecording: Codable, Equatable, Sendable {
    /// The version of this layout. Readers refuse a later one.
    public static let schema = 1

    /// The most bytes that a recording's file may have.
    public static let limit = 64 << 20

    /// What a look brought: a value, or the errno of the failure.
    public enum Look<Value: Codable & Equatable & Sendable>: Equatable, Sendable {
        case found(Value)
        case failed(Int32)
    }

    /// Bytes of a file: as text where they are UTF-8, in base64 otherwise.
    public struct Content: Equatable, Sendable {
        public var bytes: [UInt8]

        /// The content `bytes`.
        public init(bytes: [UInt8]) {
            self.bytes = bytes
        }
    }

    /// A probe and its answer; nil where the host could not know.
    public struct Probe: Codable, Equatable, Sendable {
        public var probe: HostProbe
        public var answer: HostAnswer?
    }

    public var schema = Self.schema
    /// Files, by absolute path: at most as many bytes as were asked for.
    public var files: [String: Look<Content>] = [:]
    /// Names in folders.
    public var folders: [String: Look<[String]>] = [:]
    /// Targets of symbolic links, as they stand.
    public var links: [String: Look<String>] = [:]
    public var statuses: [String: Look<HostFileStatus>] = [:]
    public var probes: [Probe] = []

    /// A recording of nothing.
    public init() {}

    /// Reads the JSON of a recording. Throws ``Failure`` where it is none, or one of a later version.
    public init(json: [UInt8], path: String) throws {
        struct Version: Decodable { var schema: Int }
        func refusal(_ message: String, _ remedy: String) -> Failure {
            Failure(.optionInvalid, operation: "read the recording", message: message, remedy: remedy, side: .host)
        }
        let data = Data(json)
        guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
            throw refusal(
                "\(path) is no recording of a host.", "Name a file that `doctor --record FILE` wrote, or a folder.")
        }
        guard (1...Self.schema).contains(version.schema) else {
            throw refusal(
                "\(path) is a recording of schema \(version.schema); this tool reads up to \(Self.schema).",
                "Read it with the version of this tool that wrote it, or a later one.")
        }
        do {
            self = try JSONDecoder().decode(HostRecording.self, from: data)
        } catch {
            throw refusal("\(path) is a damaged recording: \(error)", "Record that host again.")
        }
    }

    /// The recording as JSON, keys sorted, so that two recordings can be compared line by line.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}

extension HostRecording.Look {
    /// From what a tree said.
    public init(_ result: Result<Value, Errno>) {
        switch result {
        case .success(let value): self = .found(value)
        case .failure(let error): self = .failed(error.rawValue)
        }
    }

    /// As a tree says it.
    public var result: Result<Value, Errno> {
        switch self {
        case .found(let value): .success(value)
        case .failed(let number): .failure(Errno(rawValue: number))
        }
    }
}

/// `{"errno": 2}`, or the value itself.
extension HostRecording.Look: Codable {
    private struct Failed: Codable {
        var errno: Int32
    }

    public init(from decoder: any Decoder) throws {
        if let failed = try? Failed(from: decoder) {
            self = .failed(failed.errno)
        } else {
            self = .found(try Value(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .found(let value): try value.encode(to: encoder)
        case .failed(let errno): try Failed(errno: errno).encode(to: encoder)
        }
    }
}

/// A string for text; `{"base64": "…"}` for anything else.
extension HostRecording.Content: Codable {
    private struct Binary: Codable {
        var base64: String
    }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            bytes = Array(text.utf8)
            return
        }
        let binary = try Binary(from: decoder)
        guard let data = Data(base64Encoded: binary.base64) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not base64"))
        }
        bytes = Array(data)
    }

    public func encode(to encoder: any Encoder) throws {
        if let text = String(validating: bytes, as: UTF8.self) {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        } else {
            try Binary(base64: Data(bytes).base64EncodedString()).encode(to: encoder)
        }
    }
}
