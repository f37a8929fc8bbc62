import Foundation

/// Processor time of the thread, which other tests running at the same time do not lengthen.
enum ThreadClock {
    /// - Units: seconds
    static var now: Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
