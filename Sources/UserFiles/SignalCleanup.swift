import Glibc
import Synchronization

/// The end of a command by a signal: its children are killed, and its temporary folders removed.
package enum SignalCleanup {
    /// The signals by which a user ends a command: without SIGHUP under nohup, where it is ignored.
    package static var signals: [Int32] {
        var before = sigaction()
        unsafe sigaction(SIGHUP, nil, &before)
        let isIgnored = unsafe unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
        return isIgnored ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]
    }

    /// Whether a signal has come.
    private static let isEnding = Atomic(false)

    /// Waits for the end when a signal has come: that children have ended is then no fault that anybody must be told of.
    package static func standAside() { while isEnding.load(ordering: .sequentiallyConsistent) { pause() } }

    /// Makes SIGINT, SIGTERM and SIGHUP clean up before they end the process, from now on.
    ///
    /// A thread waits for the signals, since little may be done in a handler. Other threads have them blocked. A process that
    /// is started must be given a mask of its own, as Foundation does.
    package static func begin() {
        var signals = Self.set
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let status = unsafe pthread_create(&thread, nil, { _ in SignalCleanup.wait() }, nil)
        if status == 0 { pthread_detach(thread) } else { unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
    }

    /// The signals as a set: what is blocked may be more, since a process inherits that.
    private static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in signals { unsafe sigaddset(&set, number) }
        return set
    }

    /// Waits for one of the signals, which are blocked.
    private static func wait() -> Never {
        var signals = Self.set
        var number: Int32 = 0
        while unsafe sigwait(&signals, &number) != 0 {}
        isEnding.store(true, ordering: .sequentiallyConsistent)
        // One that is just being started is met in the second round.
        for _ in 0..<2 {
            for child in ChildProcesses.all {
                // A child of Foundation leads a group of its own.
                if getpgid(child) == child { kill(-child, SIGKILL) }
                kill(child, SIGKILL)
            }
            usleep(10_000)
        }
        TemporaryFolder.removeAll()
        var only = sigset_t()
        unsafe sigemptyset(&only)
        unsafe sigaddset(&only, number)
        signal(number, SIG_DFL)
        unsafe pthread_sigmask(SIG_UNBLOCK, &only, nil)
        kill(getpid(), number)
        while true { pause() }
    }
}
