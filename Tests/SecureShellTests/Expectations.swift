import Contract
import Testing

/// Runs `body`, which must throw a ``Failure`` with `code`, and returns it for a closer look.
@discardableResult
func expectFailure(
    _ code: FailureCode, sourceLocation: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws -> Failure {
    do {
        try await body()
    } catch let failure as Failure {
        #expect(failure.code == code, "\(failure)", sourceLocation: sourceLocation)
        #expect(!failure.remedy.isEmpty, sourceLocation: sourceLocation)
        return failure
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw NothingThrown()
}

struct NothingThrown: Error {}

/// How long `body` took.
func elapsed(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async rethrows -> Duration {
    let started = ContinuousClock.now
    try await body()
    return started.duration(to: .now)
}
