import ArgumentParser
import Contract
import FoundationEssentials
import Glibc
import Guest
import Sampling
import Synchronization
import SystemPackage
import Telemetry

struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Print what nvidia-smi and the kernel's log say of the GPUs, as lines of JSON.",
        discussion: """
            --once ends with 0 after one sample, and with another status where there is none. --follow and --port go on \
            until they are ended; a driver that comes or goes is noticed. While nvidia-smi runs it holds the driver: stop \
            the sampler (`systemctl stop gpu-guest-agent-telemetry`) before unloading the driver by hand.
            """)

    @Flag(help: "One sample.")
    var once = false
    @Flag(help: "Lines until standard output is closed.")
    var follow = false
    @Flag(help: "Lines to the host, by the virtio-serial port \(TelemetryLimits.portName), whenever it listens.")
    var port = false
    @Option(help: ArgumentHelp("Another port, or a FIFO.", valueName: "path"))
    var portPath = "/dev/virtio-ports/\(TelemetryLimits.portName)"
    @Option(help: ArgumentHelp("Seconds between samples, from 0.1 to 3600.", valueName: "seconds"))
    var interval = 1.0
    @Option(help: .hidden)
    var root = "/"

    func validate() throws {
        guard [once, follow, port].count(where: { $0 }) == 1 else {
            throw ValidationError("Say one of --once, --follow and --port.")
        }
        guard Sampler.intervals.contains(interval) else {
            throw ValidationError("--interval takes seconds from 0.1 to 3600.")
        }
    }

    func run() throws {
        let wakeup: Wakeup
        let outlet: any Outlet
        do {
            wakeup = try Wakeup()
            outlet = port ? try PortOutlet(portPath) : StreamOutlet(STDOUT_FILENO)
        } catch {
            throw Failure.guest(
                .commandFailed, "sample the GPUs", "There is no descriptor for it: \(describe(error)).",
                remedy: "Raise the limit on open files.", retryable: true)
        }
        EndingSignals.handle(by: wakeup)
        let sampler = Sampler(
            SystemRoot(prefix: FilePath(root)), to: outlet, Sampler.Options(interval: interval, once: once),
            wakeup: wakeup)
        let hasSample = sampler.run()
        if once && !hasSample {
            let status = sampler.status
            throw Failure.guest(
                .commandFailed, "sample the GPUs",
                "There is no sample: \(status.detail.isEmpty ? status.state.rawValue : status.detail).",
                remedy: "Make nvidia-smi work in this machine.", retryable: true)
        }
    }
}

/// The signals that end a sampler in order: its nvidia-smi goes first.
private enum EndingSignals {
    private static let wakeup = Mutex<Wakeup?>(nil)
    private static let address = Atomic<UInt>(0)

    static func handle(by wakeup: Wakeup) {
        // Kept for good: a signal may come at any time.
        self.wakeup.withLock { $0 = wakeup }
        address.store(UInt(bitPattern: Unmanaged.passUnretained(wakeup).toOpaque()), ordering: .sequentiallyConsistent)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number) { _ in
                guard let pointer = UnsafeRawPointer(bitPattern: EndingSignals.address.load(ordering: .relaxed)) else {
                    return
                }
                Unmanaged<Wakeup>.fromOpaque(pointer).takeUnretainedValue().requestStop()
            }
        }
    }
}
