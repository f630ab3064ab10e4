public import Contract
import FoundationEssentials

/// Something QEMU told without being asked: SHUTDOWN, RESET, STOP, GUEST_PANICKED, DEVICE_DELETED …
public struct QMPEvent: Equatable, Sendable {
    /// QMP's name for it.
    public var name: String
    /// Its data; empty for none.
    public var data: [String: JSONValue]

    public init(name: String, data: [String: JSONValue] = [:]) {
        self.name = name
        self.data = data
    }
}

/// One line from QEMU.
enum QMPMessage: Equatable {
    case greeting
    case success(id: Int, JSONValue)
    case failure(id: Int?, description: String)
    case event(QMPEvent)
    /// Not JSON, or of no known kind.
    case nonsense(String)

    init(line: [UInt8]) {
        guard case .object(let object)? = try? JSONDecoder().decode(JSONValue.self, from: Data(line)) else {
            self = .nonsense(String(decoding: line.prefix(200), as: UTF8.self))
            return
        }
        var id: Int?
        if case .number(let number)? = object["id"] { id = Int(exactly: number) }
        if object["QMP"] != nil {
            self = .greeting
        } else if case .string(let name)? = object["event"] {
            var data: [String: JSONValue] = [:]
            if case .object(let values)? = object["data"] { data = values }
            self = .event(QMPEvent(name: name, data: data))
        } else if let value = object["return"], let id {
            self = .success(id: id, value)
        } else if case .object(let error)? = object["error"] {
            var description = "no description"
            if case .string(let text)? = error["desc"] { description = text }
            self = .failure(id: id, description: description)
        } else {
            self = .nonsense(String(decoding: line.prefix(200), as: UTF8.self))
        }
    }

    /// A command as QEMU reads it, with its newline.
    static func command(_ name: String, arguments: [String: JSONValue], id: Int) throws -> [UInt8] {
        var object: [String: JSONValue] = ["execute": .string(name), "id": .number(Double(id))]
        if !arguments.isEmpty { object["arguments"] = .object(arguments) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try [UInt8](encoder.encode(JSONValue.object(object))) + [UInt8(ascii: "\n")]
    }
}
