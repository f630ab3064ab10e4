import Contract
import Glibc
import HostFakes
import Testing

@testable import Fleet

struct SlurmSpoolTests {
    private func inSpool(_ body: (SlurmSpool, TemporaryFolder) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try body(SlurmSpool(folder: folder.path + "/spool"), folder)
    }

    @Test func numbersStayWithTheirGuests() throws {
        try inSpool { spool, folder in
            var header = try spool.open(fleet: "lab", arraySize: 10) { "id1" }
            #expect(["a", "b", "a"].map { header.number(of: $0) } == [0, 1, 0])
            try spool.write(header)
            let again = try spool.open(fleet: "lab", arraySize: 99) { "id2" }
            #expect(again == header && again.id == "id1" && again.arraySize == 10)
            #expect(throws: Failure.self) { try spool.open(fleet: "other", arraySize: 10) { "id3" } }
            var status = stat()
            #expect(stat(spool.folder, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
    }

    @Test func eventsAreReadAsTheyComeAndNeverByHalf() throws {
        try inSpool { spool, folder in
            _ = try spool.open(fleet: "lab", arraySize: 10) { "id" }
            let file = "spool/events-0.jsonl"
            try spool.append(SlurmEvent(at: 1, attempt: 0, kind: "progress", message: "one\ntwo\u{1b}[31m"), 0)
            let first = spool.events(0, from: 0)
            #expect(first.events == [SlurmEvent(at: 1, attempt: 0, kind: "progress", message: "onetwo")])
            // A job that was killed in the middle of a line, and the next one.
            let whole = folder.read(file)
            try folder.write(file, (whole + #"{"at": 2, "atte"#).utf8)
            #expect(spool.events(0, from: first.next).events.isEmpty)
            try spool.append(SlurmEvent(at: 3, attempt: 1, kind: "state", message: "again"), 0)
            let rest = spool.events(0, from: first.next)
            #expect(rest.events.map(\.kind) == ["unreadable", "state"])
            #expect(rest.events.first?.message == #"{"at": 2, "atte"#)
            #expect(spool.events(0, from: rest.next).events.isEmpty)
            // Another job's file is shorter, and begins anew.
            try folder.write(file, "{\"kind\": \"x\", \"message\": \"short\"}\n".utf8)
            #expect(spool.events(0, from: rest.next).events.map(\.message) == ["short"])
        }
    }

    @Test(
        arguments: [
            (#"{"at":1,"attempt":2,"kind":"new","message":"m","more":[1]}"#, "new", "m", 2),
            (#"{"what":"ever"}"#, "unknown", #"{"what":"ever"}"#, 0),
            (#"{"attempt":1e99,"kind":3}"#, "unknown", #"{"attempt":1e99,"kind":3}"#, 0),
            ("[1,2]", "unreadable", "[1,2]", 0), ("\u{1b}]0;title\u{7}hello", "unreadable", "hello", 0),
        ])
    func linesOfNewerToolsAreKept(_ line: String, _ kind: String, _ message: String, _ attempt: Int) {
        let event = SlurmEvent(line: Array(line.utf8))
        #expect(event.kind == kind && event.message == message && event.attempt == attempt)
    }

    @Test func aLineIsBounded() {
        let long = #"{"kind":"state","message":""# + String(repeating: "x", count: 20_000) + "\"}"
        let event = SlurmEvent(line: Array(long.utf8))
        #expect(event.kind == "unreadable" && event.message.count <= 201)
        #expect(
            SlurmEvent(at: 0, attempt: 0, kind: "k", message: String(repeating: "x", count: 5000)).line.count < 1200)
    }

    @Test func aResultThatCannotBeReadIsNone() throws {
        try inSpool { spool, folder in
            _ = try spool.open(fleet: "lab", arraySize: 10) { "id" }
            var result = TaskResult(state: .running, job: "7_0", attempt: 0, node: "node1", at: 5)
            result.sshPort = 2222
            try spool.write(result, 0)
            #expect(spool.result(0) == result)
            let text = folder.read("spool/result-0.json")
            for bytes in [Array(text.utf8.prefix(40)), [], Array("null".utf8), [UInt8](repeating: 0xff, count: 100)] {
                try folder.write("spool/result-0.json", bytes)
                #expect(spool.result(0) == nil)
            }
            try folder.write("spool/result-0.json", text.replacing("\"running\"", with: "\"frozen\"").utf8)
            #expect(spool.result(0)?.state.rawValue == "frozen")
        }
    }

    @Test func oneJobHasAGuest() throws {
        try inSpool { spool, folder in
            _ = try spool.open(fleet: "lab", arraySize: 10) { "id" }
            let (one, two) = (
                SlurmSpool.Holder(job: "7_0", node: "node1"), SlurmSpool.Holder(job: "8_0", node: "node2")
            )
            let seen1 = try spool.take(0, for: one)
            #expect(seen1 == nil)
            let seen2 = try spool.take(0, for: one)
            #expect(seen2 == nil)
            let seen3 = try spool.take(0, for: two)
            #expect(seen3 == one)
            try spool.inherit(0, for: two)
            let seen4 = try spool.take(0, for: one)
            #expect(seen4 == two)
            try spool.clear(0)
            let seen5 = try spool.take(0, for: one)
            #expect(seen5 == nil)
        }
    }

    @Test func aTaskOfANewerToolIsRefused() throws {
        try inSpool { spool, folder in
            _ = try spool.open(fleet: "lab", arraySize: 10) { "id" }
            let task = GuestTask(
                fleet: "lab", guest: "a", machineName: "lab-a", settings: GuestSettings(),
                need: GuestNeed(gpus: .count(1, pattern: "A100"), memoryBytes: 1 << 30, cpus: 2),
                golden: .init(digest: "d", path: "/g"), action: .reimage)
            try spool.write(task, 4)
            let seen6 = try spool.task(4)
            #expect(seen6 == task)
            let text = folder.read("spool/task-4.json")
            try folder.write("spool/task-4.json", text.replacing("\"version\" : 1", with: "\"version\" : 2").utf8)
            #expect(throws: Failure.self) { try spool.task(4) }
            #expect(throws: Failure.self) { try spool.task(5) }
            #expect(throws: Failure.self) { try spool.site() }
        }
    }
}
