/// Runs `body` for at most `duration`; nil where it took longer, in which case it is cancelled (and must heed that).
@discardableResult
func within<Value: Sendable>(
    _ duration: Duration, _ body: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await body() }
        group.addTask {
            try? await Task.sleep(for: duration)
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
