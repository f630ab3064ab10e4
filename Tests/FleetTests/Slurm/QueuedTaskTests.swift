import Testing

@testable import Fleet

struct QueuedTaskTests {
    /// Lines of squeue 22.05.
    @Test func aQueueIsRead() {
        let list = QueuedTask.list(
            """
            7|2|PENDING|Resources||lab.1f.0
            7|0|RUNNING|None|node1|lab.1f.0
            12|1|PENDING|BeginTime||odd|name|with bars

            """)
        #expect(
            list == [
                QueuedTask(
                    job: 7, index: 2, state: .init("PENDING"), reason: "Resources", node: "", name: "lab.1f.0"),
                QueuedTask(job: 7, index: 0, state: .init("RUNNING"), reason: "None", node: "node1", name: "lab.1f.0"),
                QueuedTask(
                    job: 12, index: 1, state: .init("PENDING"), reason: "BeginTime", node: "",
                    name: "odd|name|with bars"),
            ])
        #expect(list[1].element == "7_0")
    }

    @Test func whatCannotBeReadIsLeftOut() {
        #expect(
            QueuedTask.list(
                """
                8|N/A|RUNNING|None|node1|plain job
                9|2-5%3|PENDING|Resources||collapsed
                slurm_load_jobs error: Socket timed out
                |||||
                -1|0|RUNNING|None|n|x
                10|0||None|n|x
                11|0|RUNNING
                """
            ).isEmpty)
        let cleaned = QueuedTask.list("1|0|RUNNING|\u{1b}[31mNone|no\u{7}de|x")
        #expect(cleaned.first?.reason == "None" && cleaned.first?.node == "node")
    }

    @Test(
        arguments: [
            ("PENDING", false, true), ("REQUEUE_HOLD", false, true), ("RUNNING", false, false),
            ("COMPLETING", false, false), ("SUSPENDED", false, false), ("SOMETHING_NEW", false, false),
            ("COMPLETED", true, false), ("FAILED", true, false), ("NODE_FAIL", true, false), ("TIMEOUT", true, false),
        ])
    func states(_ name: String, _ isOver: Bool, _ isWaiting: Bool) {
        let state = QueuedTask.State(name)
        #expect(state.isOver == isOver && state.isWaiting == isWaiting)
    }
}
