import Foundation
import Glibc
import Host
import Synchronization

/// Hears the machines' samplers and fills a ``TelemetryHub``, on a thread of its own.
///
/// A guest's port serves one listener, so there is one collector per `folder`: the first process is it and passes on what it
/// hears; later ones follow it, and one of them takes over when it ends.
public final class TelemetryCollector: Sendable {
    private let wake: Wake
    private let runs = Atomic(false)
    private let ended: DispatchSemaphore

    /// What this process is.
    public enum Role: Equatable, Sendable {
        /// It hears the machines itself.
        case collector
        /// It hears them through another process.
        case follower
    }

    private let settings: CollectorLoop.Settings

    /// - Parameters:
    ///   - folder: STATE/telemetry, which exists, 0700: where the lock and the relay's socket are.
    ///   - clock: Seconds since 1970; the host's without.
    ///   - mustCollect: Refuse to follow: `--collect`, which keeps what it hears, must be the one that hears it.
    public init(
        folder: String, sources: any TelemetrySources, hub: TelemetryHub, mustCollect: Bool = false,
        clock: (@Sendable () -> Double)? = nil
    ) {
        wake = Wake()
        ended = DispatchSemaphore(value: 0)
        settings = CollectorLoop.Settings(
            folder: folder, sources: sources, hub: hub, mustCollect: mustCollect,
            clock: clock ?? { Date().timeIntervalSince1970 })
    }

    /// Begins. Throws a ``Failure`` where another process collects and `mustCollect` is set, or the folder cannot be used.
    @discardableResult
    public func start() throws -> Role {
        let loop = CollectorLoop(settings, wake: wake)
        let role = try loop.takeRole()
        let thread = Thread { [ended] in
            loop.run()
            ended.signal()
        }
        thread.name = "telemetry"
        thread.stackSize = 8 << 20
        runs.store(true, ordering: .releasing)
        thread.start()
        return role
    }

    /// Ends, and waits until it has: no machine is held any more. Once only.
    public func stop() {
        guard runs.exchange(false, ordering: .acquiringAndReleasing) else { return }
        wake.stop()
        ended.wait()
    }
}

/// Wakes the thread out of poll.
final class Wake: Sendable {
    let reading: Int32
    private let writing: Int32
    private let stopping = Atomic(false)

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends { UnixSockets.prepare(end) }
        reading = ends[0]
        writing = ends[1]
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func stop() {
        stopping.store(true, ordering: .releasing)
        var byte: UInt8 = 0
        _ = write(writing, &byte, 1)
    }

    deinit {
        close(reading)
        close(writing)
    }
}
