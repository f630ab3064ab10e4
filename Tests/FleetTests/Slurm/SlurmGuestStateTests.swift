import Contract
import Testing

@testable import Fleet

struct SlurmGuestStateTests {
    struct Row: Sendable {
        /// The element's state, of job 7_0 on node1; nil for none.
        var queued: String?
        /// What job 7_0 wrote, or another one.
        var result: TaskResult.State?
        var job = "7_0"
        var node = "node1"
        var isFinal = false
        /// The case, with its words.
        var expected: String
    }

    @Test(arguments: [
        Row(expected: "absent"),
        Row(queued: "PENDING", expected: "waiting"),
        Row(queued: "PENDING", result: .running, expected: "waiting"),
        Row(queued: "PENDING", result: .failed, job: "3_0", expected: "waiting"),
        Row(queued: "CONFIGURING", expected: "starting"),
        Row(queued: "RUNNING", expected: "starting"),
        Row(queued: "RUNNING", result: .starting, expected: "starting"),
        Row(queued: "RUNNING", result: .running, expected: "running"),
        Row(queued: "RUNNING", result: .running, job: "3_0", expected: "starting"),
        Row(queued: "RUNNING", result: .running, node: "node2", expected: "starting"),
        Row(queued: "RUNNING", result: .retrying, expected: "starting"),
        Row(queued: "RUNNING", result: .ended, expected: "starting"),
        Row(queued: "COMPLETING", result: .ended, expected: "ended"),
        Row(queued: "COMPLETING", result: .failed, expected: "failed"),
        Row(queued: "COMPLETED", result: .ended, expected: "ended"),
        Row(queued: "COMPLETED", expected: "settling"),
        Row(queued: "COMPLETED", isFinal: true, expected: "ended"),
        Row(queued: "CANCELLED", expected: "ended"),
        Row(queued: "CANCELLED", result: .running, expected: "ended"),
        Row(queued: "FAILED", result: .failed, expected: "failed"),
        Row(queued: "FAILED", expected: "settling"),
        Row(queued: "FAILED", isFinal: true, expected: "failed"),
        Row(queued: "TIMEOUT", result: .running, isFinal: true, expected: "failed"),
        Row(queued: "TIMEOUT", result: .ended, expected: "ended"),
        Row(queued: "NODE_FAIL", result: .running, isFinal: true, expected: "failed"),
        Row(queued: "OUT_OF_MEMORY", result: .running, isFinal: true, expected: "failed"),
        Row(result: .ended, expected: "ended"),
        Row(result: .failed, expected: "failed"),
        Row(result: .running, expected: "settling"),
        Row(result: .running, isFinal: true, expected: "failed"),
        Row(result: .init(rawValue: "new"), isFinal: true, expected: "failed"),
    ])
    func table(_ row: Row) {
        let queued = row.queued.map {
            QueuedTask(job: 7, index: 0, state: .init($0), reason: "None", node: "node1", name: "lab.x.0")
        }
        let result = row.result.map { TaskResult(state: $0, job: row.job, attempt: 0, node: row.node, at: 0) }
        let state = SlurmGuestState(guest: "a", queued: queued, result: result, isFinal: row.isFinal)
        #expect("\(state)".hasPrefix(row.expected))
    }

    @Test func aLostNodeMayBeTriedAgainAndATimeLimitNot() {
        func failure(_ name: String) -> Failure? {
            let queued = QueuedTask(job: 7, index: 0, state: .init(name), reason: "", node: "n", name: "lab.x.0")
            guard
                case .failed(let failure) = SlurmGuestState(guest: "a", queued: queued, result: nil, isFinal: true)
            else { return nil }
            return failure
        }
        #expect(failure("NODE_FAIL")?.retryable == true)
        #expect(failure("PREEMPTED")?.retryable == true)
        #expect(failure("TIMEOUT")?.retryable == false)
        #expect(failure("OUT_OF_MEMORY")?.remedy.contains("memory-overhead") == true)
    }
}
