import Glibc

/// CPU time of the thread, which does not include other work on the machine.
package enum ThreadClock {
    /// - Units: seconds
    package static var now: Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
