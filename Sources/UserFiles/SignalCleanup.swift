import Glibc
import Synchronization
import SystemPackage

/// Ends a command on a signal: kills its children and removes its temporary folders.
package enum SignalCleanup {
    /// The signals that end a command. Under nohup SIGHUP is ignored and not one of them.
    package static var signals: [Int32] {
        var before = sigaction()
        unsafe sigaction(SIGHUP, nil, &before)
        let isIgnored = unsafe unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
        return isIgnored ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]
    }

    /// True once a signal has come.
    private static let isEnding = Atomic(false)

    /// Waits for the end of the process once a signal has come: the ends of killed children are then not reported.
    package static func standAside() { while isEnding.load(ordering: .sequentiallyConsistent) { pause() } }

    /// Makes SIGINT, SIGTERM and SIGHUP clean up before they end the process.
    ///
    /// A thread waits for the signals, since a handler may do little. All other threads block them. Started processes
    /// block none.
    package static func begin() {
        var signals = Self.set
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let status = unsafe pthread_create(&thread, nil, { _ in SignalCleanup.wait() }, nil)
        if status == 0 { pthread_detach(thread) } else { unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
    }

    /// The signals as a set. The blocked set may be larger, since a process inherits it.
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
        // The second round kills a child that is being started during the first.
        for _ in 0..<2 {
            for child in ChildProcesses.all {
                // A tool leads a process group.
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
