import Glibc

/// The two clocks of a sampler, in seconds. Neither is the time of day, which jumps.
package enum Clocks {
    /// For deadlines: stands still while the machine sleeps, as programs do.
    package static var monotonic: Double { seconds(CLOCK_MONOTONIC) }

    /// For ages: goes on while the machine sleeps.
    package static var boot: Double { seconds(CLOCK_BOOTTIME) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
