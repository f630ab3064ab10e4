import HostFakes
import Testing

@testable import Passthrough

/// A host that is in order but for one thing, and the finding that says so.
struct HostCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var id: String
    var verdict: Finding.Verdict
    var says: String
    var change: @Sendable (inout TableTree) -> Void

    init(
        _ name: String, _ id: String, _ verdict: Finding.Verdict, _ says: String = "",
        _ change: @escaping @Sendable (inout TableTree) -> Void
    ) {
        testDescription = name
        self.id = id
        self.verdict = verdict
        self.says = says
        self.change = change
    }
}
