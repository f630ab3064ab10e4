import Telemetry
import Testing

@testable import Sampling

/// Stories: what happens when, what the machine wants done, and how it says it is.
struct SamplerMachineTests {
    private typealias Machine = SamplerMachine

    private static let ready = Machine.Event.looked(.init(hasTool: true, hasDriver: true, gpus: 1))
    private static let unknown = Machine.Event.looked(.init(hasTool: true, hasDriver: true, gpus: nil))
    private static let noTool = Machine.Event.looked(.init(hasTool: false, hasDriver: true, gpus: 1))
    private static let noDriver = Machine.Event.looked(.init(hasTool: true, hasDriver: false, gpus: nil))
    private static let noGPU = Machine.Event.looked(.init(hasTool: true, hasDriver: true, gpus: 0))
    private static func died(_ detail: String = "", _ state: SamplerState = .failing) -> Machine.Event {
        .ended(how: "signal 9", SamplerWords(state: state, detail: detail))
    }

    private struct Teller {
        var machine: SamplerMachine

        init(interval: Double = 1) { machine = SamplerMachine(interval: interval, now: 0) }

        mutating func at(
            _ now: Double, _ event: SamplerMachine.Event, _ actions: [SamplerMachine.Action] = [],
            _ state: SamplerState? = nil, wake: Double? = nil, _ location: SourceLocation = #_sourceLocation
        ) {
            #expect(machine.handle(event, at: now) == actions, "\(event) at \(now)", sourceLocation: location)
            if let state { #expect(machine.state == state, sourceLocation: location) }
            if let wake { #expect(machine.wakeAt == wake, sourceLocation: location) }
        }

        /// Until it runs.
        mutating func begin(_ now: Double = 0) {
            at(now, .time, [.look])
            at(now, SamplerMachineTests.ready, [.start], .starting, wake: now + 10)
        }
    }

    @Test func samplesComeAndItIsWell() {
        var story = Teller()
        story.begin()
        story.at(1, .document(gpus: 1), [], .sampling, wake: 11)
        #expect(story.machine.hasNews)
        story.machine.hasNews = false
        story.at(2, .document(gpus: 1), [], .sampling, wake: 12)
        #expect(!story.machine.hasNews)
        #expect(story.machine.status(at: 5) == SamplerStatus(state: .sampling, forSeconds: 4))
    }

    @Test func whatIsMissingIsToldAndLookedForCheaply() {
        var story = Teller()
        story.at(0, .time, [.look])
        story.at(0, Self.noTool, [], .noTool, wake: 2)
        story.at(1, .time)
        story.at(2, .time, [.look])
        story.at(2, Self.noDriver, [], .noDriver, wake: 4)
        story.at(4, .time, [.look])
        story.at(4, Self.noGPU, [], .noGPU, wake: 6)
        story.at(6, .time, [.look])
        story.at(6, Self.unknown, [.start], .starting)
        #expect(story.machine.status(at: 6).restarts == 0)
    }

    @Test func silenceIsAHangThatEndsByKilling() {
        var story = Teller()
        story.begin()
        story.at(1, .document(gpus: 1), [], .sampling)
        story.at(10.9, .time)
        story.at(11, .time, [.terminate], .hung, wake: 13)
        #expect(story.machine.detail == "nvidia-smi has said nothing for 10 s")
        story.at(12, .time)
        story.at(13, .time, [.kill], .hung, wake: 18)
        story.at(13.5, Self.died(), [.look], .hung)
        story.at(13.5, Self.ready, [], .hung, wake: 14.5)
        story.at(14.5, .time, [.look])
        story.at(14.5, Self.ready, [.start], .hung)
        story.at(15, .document(gpus: 1), [], .sampling)
        #expect(story.machine.status(at: 15).restarts == 1)
    }

    @Test func oneThatHangsInTheKernelIsNeverMultiplied() {
        var story = Teller()
        story.begin()
        story.at(10, .time, [.terminate], .hung)
        story.at(12, .time, [.kill])
        story.at(17, .time, [], .hung)
        #expect(story.machine.detail.contains("hangs in the kernel"))
        #expect(story.machine.wakeAt == nil)
        for now in [100.0, 1000, 100_000] { story.at(now, .time) }
        story.at(100_001, Self.ready)
        story.at(100_002, Self.died(), [.look], .hung)
        story.at(100_002, Self.ready, [])
        story.at(100_003, .time, [.look])
        story.at(100_003, Self.ready, [.start])
    }

    /// Without a persistence daemon the first answer may take longer than a hang is allowed to.
    @Test func eachSilentStartIsGivenTwiceTheTime() {
        var story = Teller()
        var now = 0.0
        for patience in [10.0, 20, 40, 80, 80] {
            if now == 0 { story.begin() }
            #expect(story.machine.wakeAt == now + patience)
            now += patience
            story.at(now, .time, [.terminate], .hung)
            story.at(now, Self.died(), [.look])
            now += 60
            story.at(now, .time, [.look])
            story.at(now, Self.ready, [.start])
        }
        story.at(now + 70, .document(gpus: 1), [], .sampling, wake: now + 80)
    }

    @Test func aLongIntervalIsNoHang() {
        var story = Teller(interval: 30)
        story.at(0, .time, [.look])
        story.at(0, Self.ready, [.start], wake: 90)
    }

    @Test func restsGrowAndAMinuteOfSamplesEndsThat() {
        var story = Teller()
        story.begin()
        var now = 0.0
        for rest in [1.0, 2, 4, 8, 16, 32, 60, 60] {
            story.at(now, Self.died("broken"), [.look], .failing)
            story.at(now, Self.ready, [])
            // It goes on looking, so that a driver that went is noticed, and starts nothing before its time.
            var look = now
            while look + 2 < now + rest {
                look += 2
                story.at(look, .time, [.look])
                story.at(look, Self.ready, [])
            }
            now += rest
            story.at(now, .time, [.look])
            story.at(now, Self.ready, [.start], .failing)
        }
        story.at(now + 1, .document(gpus: 1), [], .sampling)
        // Half a minute is not enough.
        story.at(now + 31, .document(gpus: 1))
        story.at(now + 31, Self.died(), [.look], .failing)
        #expect(story.machine.detail == "nvidia-smi ended: signal 9")
        story.at(now + 31, Self.ready, [])
        now += 91
        story.at(now, .time, [.look])
        story.at(now, Self.ready, [.start])
        story.at(now, .document(gpus: 1))
        story.at(now + 60, .document(gpus: 1))
        story.at(now + 61, Self.died(), [.look])
        story.at(now + 61, Self.ready, [], wake: now + 62)
    }

    @Test func aDriverThatGoesIsToldAtOnceAndOneThatComesIsUsedAtOnce() {
        var story = Teller()
        story.begin()
        story.at(1, .document(gpus: 1), [], .sampling)
        story.at(2, Self.died("nvidia-smi cannot talk to the driver"), [.look], .failing)
        story.at(2, Self.noDriver, [], .noDriver, wake: 4)
        story.at(4, .time, [.look])
        story.at(4, Self.ready, [.start], .starting)
        story.at(5, Self.died("x"), [.look], .failing)
        story.at(5, Self.ready, [], wake: 6)
    }

    @Test func noDevicesIsNoGPUUntilThereIsOne() {
        var story = Teller()
        story.begin()
        story.at(1, Self.died("nvidia-smi finds no devices", .noGPU), [.look], .noGPU)
        story.at(1, Self.unknown, [], .noGPU, wake: 2)
        story.at(2, .time, [.look])
        story.at(2, Self.unknown, [.start], .noGPU)
        story.at(3, .document(gpus: 0), [.terminate], .noGPU)
        story.at(3, Self.died(), [.look], .noGPU)
        story.at(3, Self.unknown, [], .noGPU, wake: 5)
    }

    @Test func nonsenseIsBorneTwiceAndFloodsNever() {
        var story = Teller()
        story.begin()
        story.at(1, .nonsense("a"))
        story.at(2, .nonsense("a"))
        story.at(3, .document(gpus: 1), [], .sampling)
        story.at(4, .nonsense("a"))
        story.at(5, .nonsense("b"))
        story.at(6, .nonsense("c"), [.terminate], .failing)
        #expect(story.machine.detail == "nvidia-smi prints what cannot be read: c")
        story.at(6, .nonsense("d"))
        story.at(6, .flooded)
        story.at(6, .document(gpus: 1), [], .failing)
        story.at(7, Self.died(), [.look], .failing)
        story.at(7, Self.ready)
        story.at(8, .time, [.look])
        story.at(8, Self.ready, [.start])
        story.at(9, .flooded, [.terminate], .failing)
        #expect(story.machine.detail == "nvidia-smi prints without end")
    }

    @Test func whatCannotBeStartedIsTriedAgainLater() {
        var story = Teller()
        story.begin()
        story.at(0, .notStarted("no memory"), [.look], .failing)
        #expect(story.machine.detail == "nvidia-smi cannot be started: no memory")
        story.at(0, Self.ready, [], wake: 1)
    }

    @Test func stoppingEndsWhatRunsAndStartsNothing() {
        var idle = Teller()
        idle.at(0, .stop)
        #expect(idle.machine.isOver)

        var story = Teller()
        story.begin()
        story.at(1, .stop, [.terminate])
        story.at(1, .stop)
        #expect(!story.machine.isOver)
        story.at(3, .time, [.kill])
        story.at(3, Self.died())
        #expect(story.machine.isOver)
        story.at(4, .time)

        var resting = Teller()
        resting.begin()
        resting.at(1, Self.died(), [.look])
        resting.at(1, .stop)
        #expect(resting.machine.isOver)

        var stuck = Teller()
        stuck.begin()
        stuck.at(1, .stop, [.terminate])
        stuck.at(3, .time, [.kill])
        #expect(!stuck.machine.isOver)
        stuck.at(8, .time)
        #expect(stuck.machine.isOver)
    }
}

struct SamplerWordsTests {
    @Test(arguments: [
        ("No devices were found\n", SamplerState.noGPU, "nvidia-smi finds no devices"),
        (
            "<x/></nvidia_smi_log>\nNVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make…\n",
            .failing, "nvidia-smi cannot talk to the driver"
        ),
        (
            "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.144\n", .failing,
            "the loaded driver is of another version than its libraries (550.144): reboot"
        ),
        (
            "Unable to determine the device handle for GPU0000:0A:00.0: GPU is lost.  Reboot the system\n", .failing,
            "GPU GPU0000:0A:00.0: GPU is lost.  Reboot the system"
        ),
        ("\u{1b}[31msh: nvidia-smi: Killed\r\n\n", .failing, "nvidia-smi: sh: nvidia-smi: Killed"),
        ("No devices were found\n<nvidia_smi_log></nvidia_smi_log>\n", .failing, ""),
        ("", .failing, ""),
    ])
    func lastWordsAreRead(_ output: String, _ state: SamplerState, _ detail: String) {
        let words = SamplerWords(lastOutput: Array(output.utf8))
        #expect(words.state == state)
        #expect(words.detail == detail)
    }
}
