import Host

/// STATE/telemetry, for this user alone: the database, the relay's socket, the token.
enum TelemetryFolder {
    static func make(state: String) throws -> String {
        let path = "\(state)/telemetry"
        try makePrivateFolder(path, operation: "make the folder of telemetry")
        return path
    }
}
