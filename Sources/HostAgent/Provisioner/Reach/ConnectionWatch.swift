/// Watches nothing: of a machine that this tool did not start, only the connection can be seen.
struct ConnectionWatch: WaitWatch {
    func during<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await body()
    }
}
