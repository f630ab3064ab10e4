import Contract
import FoundationEssentials
import Glibc

/// STATE/telemetry, for this user alone: the database, the relay's socket, the token.
enum TelemetryFolder {
    static func make(state: String) throws -> String {
        let path = "\(state)/telemetry"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // createDirectory leaves the mode of a folder that is there already alone.
            chmod(path, 0o700)
        } catch {
            throw Failure(
                .hostSpace, operation: "make the folder of telemetry", message: "\(path) cannot be made: \(error)",
                remedy: "Choose another place with --state, or make it writable.", side: .host)
        }
        return path
    }
}
