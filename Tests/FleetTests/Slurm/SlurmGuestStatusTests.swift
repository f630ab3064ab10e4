import Testing

@testable import Fleet

struct SlurmGuestStatusTests {
    /// "None" is what Slurm writes where it has no reason.
    @Test(arguments: [("None", nil, "a: waiting"), ("Resources", "Resources", "a: waiting: Resources")])
    func aReasonIsToldWhereThereIsOne(_ reason: String, _ words: String?, _ line: String) {
        let status = SlurmGuestStatus("a", .waiting(reason: reason))
        #expect(status.words == words)
        #expect(SlurmGuestStatus.line(.state(guest: "a", .waiting(reason: reason))) == line)
        let table = SlurmGuestStatus.table([status], fleet: "lab")
        #expect(table.count == (words == nil ? 3 : 4), "\(table)")
    }
}
