import Contract
import Testing

@testable import Fleet
@testable import Machines

struct FleetStatusTextTests {
    private static func record(_ name: String, _ action: FleetPlan.Action, _ phase: GuestRecord.Phase) -> GuestRecord {
        GuestRecord(
            blueprint: GuestBlueprint(
                fleet: "lab", name: name, settings: GuestSettings(), golden: String(repeating: "ab", count: 32)),
            action: action, phase: phase,
            failure: phase == .failed
                ? Failure(
                    .guestDidNotBoot, operation: "boot", message: "It did not boot.", remedy: "Look.", side: .guest)
                : nil, changedAt: 0)
    }

    private static func facts(_ state: MachineFacts.State) -> MachineFacts {
        MachineFacts(
            name: "lab-a", kind: .machine, state: state, words: state == .crashed ? ["killed"] : [], image: "/disk",
            isSnapshot: false, gpus: ["0000:41:00.0"], sshPort: 40022, forwards: [], user: "root",
            uptimeSeconds: state == .running ? 7205 : nil, folder: "/vm")
    }

    @Test func aLineForEachGuestAndWhyWhereSomethingIsWrong() {
        let statuses = [
            GuestStatus(Self.record("a", .create, .done), Self.facts(.running), isWorkedOn: false),
            GuestStatus(Self.record("b", .reimage, .failed), nil, isWorkedOn: false),
            GuestStatus(Self.record("c", .start, .working), nil, isWorkedOn: false),
            GuestStatus(Self.record("d", .start, .working), nil, isWorkedOn: true),
            GuestStatus(Self.record("e", .create, .done), Self.facts(.crashed), isWorkedOn: false),
            GuestStatus(
                absent: DeclaredGuest(name: "f", settings: GuestSettings(), mark: TextMark(line: 1, column: 1)),
                fleet: "lab"),
        ]
        #expect(
            FleetStatusText(fleet: "lab", statuses).lines == [
                "Fleet lab",
                "  GUEST  STATE               GPUS          SSH    UP  IMAGE",
                "  a      running             0000:41:00.0  40022  2h  abababababab",
                "  b      failed (reimage)    -             -      -   abababababab",
                "      It did not boot.",
                "  c      unfinished (start)  -             -      -   abababababab",
                "  d      working (start)     -             -      -   abababababab",
                "  e      crashed             -             40022  -   abababababab",
                "      killed",
                "  f      absent              -             -      -   -",
                "6 guests: 1 running, 1 crashed, 1 working, 1 failed, 1 unfinished, 1 absent.",
            ])
        #expect(FleetStatusText(fleet: "lab", []).lines == ["Fleet lab: no guests."])
    }

    @Test(arguments: [
        (FleetPlan.Action.create, GuestRecord.Phase.working, "its making was cut off"),
        (.reimage, .failed, "It did not boot."), (.destroy, .failed, "its removal was cut off"),
    ]) func whatCannotBeCountedOnIsMadeAnew(_ action: FleetPlan.Action, _ phase: GuestRecord.Phase, _ words: String) {
        let reality = FleetReality([Self.record("a", action, phase)], goldens: []) { _ in true }
        #expect(reality.guests["a"]?.failure == words && reality.guests["a"]?.isRunning == false)
    }

    @Test func aStartThatFailedLosesNoDisk() {
        for phase in [GuestRecord.Phase.working, .failed] {
            let reality = FleetReality([Self.record("a", .restart, phase)], goldens: []) { _ in true }
            #expect(reality.guests["a"]?.failure == nil && reality.guests["a"]?.isRunning == false)
        }
    }
}
