import Contract
import SecureShell

/// What a guest is told from others by.
struct GuestMarks: Codable, Equatable, Sendable {
    /// Its SSH server's key.
    var hostKey: HostKeyPin
    /// Nil where it shows none.
    var machineID: String?

    /// Asks a guest.
    static func ask(_ shell: GuestShell) async throws -> GuestMarks {
        let output = try await shell.attempt("cat /etc/machine-id", deadline: .seconds(60), outputLimit: 4096)
        return GuestMarks(hostKey: shell.connection.hostKey, machineID: machineID(output.stdoutText))
    }

    /// 32 hexadecimal digits (machine-id(5)); nil for anything else.
    static func machineID(_ text: String) -> String? {
        let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard digits.utf8.count == 32, digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { return nil }
        return String(digits)
    }

    /// Whether a guest with these marks is another machine than all that had `former`: in words, what is the same. Pure.
    func sameness(as former: [GuestMarks]) -> [String] {
        var same: [String] = []
        if former.contains(where: { $0.hostKey == hostKey }) {
            same.append("the SSH host key is still \(hostKey.fingerprint)")
        }
        switch machineID {
        case nil: same.append("/etc/machine-id has no id")
        case let id? where former.contains { $0.machineID == id }: same.append("the machine-id is still \(id)")
        default: break
        }
        return same
    }
}
