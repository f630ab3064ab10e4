import Contract
import Synchronization
import Testing

@testable import VirtualMachines

@Suite struct LoopbackPortsTests {
    /// The kernel offers 5001, 5002 … one after the other, each twice; `taken` has listeners.
    private static func ports(fixed: Set<UInt16> = [], taken: Set<UInt16> = []) -> LoopbackPorts {
        let offers = Offers()
        return LoopbackPorts(
            fixed: fixed, free: { offers.next() }, isFree: { !taken.contains($0) })
    }

    private final class Offers: Sendable {
        private let count = Mutex(1)
        func next() -> UInt16 {
            count.withLock {
                $0 += 1
                return UInt16(5000 + $0 / 2)
            }
        }
    }

    private static func spec(ssh: UInt16 = 22022, _ forwards: [(UInt16?, UInt16)]) -> MachineSpecification {
        MachineSpecification(
            name: "m", accelerator: .tcg, cpus: 1, memoryBytes: 1 << 30, diskPath: "/d", macAddress: "", sshPort: ssh,
            folder: "/f", forwards: forwards.map { PortForward(host: $0.0, guest: $0.1) })
    }

    @Test func eachGetsItsOwn() throws {
        let spec = try Self.ports().chosen(Self.spec(ssh: 5002, [(nil, 80), (8080, 80), (nil, 443)]))
        #expect(spec.forwards?.map(\.host) == [5001, 8080, 5003])
        #expect(spec.forwards?.map(\.guest) == [80, 80, 443])
        let without = MachineSpecification(
            name: "m", accelerator: .tcg, cpus: 1, memoryBytes: 1 << 30, diskPath: "/d", macAddress: "", sshPort: 1,
            folder: "/f")
        #expect(try Self.ports().chosen(without) == without)
    }

    @Test func whatIsTakenIsAnother() throws {
        let ports = Self.ports(taken: [22022, 81])
        let spec = try #require(try ports.replaced(Self.spec([(80, 80), (81, 81)])))
        #expect(spec.sshPort == 5001)
        #expect(spec.forwards?.map(\.host) == [80, 5002])
        // Nobody has it any more: once more as it was.
        #expect(try Self.ports().replaced(spec) == spec)
    }

    @Test func whatWasNamedIsNoOther() throws {
        #expect(try Self.ports(fixed: [81], taken: [22022, 81]).replaced(Self.spec([(81, 81)])) == nil)
        #expect(try Self.ports(fixed: [81], taken: [22022]).replaced(Self.spec([(81, 81)]))?.sshPort == 5001)
    }

    @Test func aKernelThatOffersTheSameForEver() {
        let ports = LoopbackPorts(fixed: [7], free: { 7 }, isFree: { _ in true })
        let failure = #expect(throws: Failure.self) { try ports.chosen(Self.spec([(nil, 80)])) }
        #expect(failure?.code == .portUnavailable)
    }

    @Test func qemuForwardsOnLoopbackAlone() {
        let arguments = qemuArguments(for: Self.spec([(8080, 80), (nil, 443)]))
        #expect(
            arguments.contains(
                "user,id=net0,hostfwd=tcp:127.0.0.1:22022-:22,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=tcp:127.0.0.1:0-:443"
            ))
    }

    @Test func impossibleForwards() {
        #expect(Self.spec([(8080, 80), (8081, 80), (nil, 22)]).problems() == [])
        #expect(Self.spec([(8080, 80), (8080, 81)]).problems().count == 1)
        #expect(Self.spec([(22022, 80)]).problems().count == 1)
        #expect(Self.spec([(0, 80), (nil, 0)]).problems().count == 1)
        #expect(Self.spec((0...PortForward.limit).map { (nil, UInt16($0 + 1)) }).problems().count == 1)
    }

    @Test(
        arguments: [
            ("8080:80", PortForward(host: 8080, guest: 80)), ("80", PortForward(host: nil, guest: 80)),
            ("", nil), (":80", nil), ("80:", nil), ("0:80", nil), ("80:0", nil), ("1:2:3", nil), ("65536", nil),
            ("127.0.0.1:80:80", nil), ("-1:80", nil),
        ] as [(String, PortForward?)])
    func words(_ text: String, _ forward: PortForward?) { #expect(PortForward(text) == forward) }
}
