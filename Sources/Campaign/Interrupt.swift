import Foundation
import Synchronization
import UserFiles

/// Requests to end the process: SIGINT, SIGTERM or SIGHUP.
package enum Interrupt {
    /// The time of the first signal; 0 if there was none.
    ///
    /// - Units: seconds
    private static let first = Atomic<Int>(0)
    /// The number of the first signal.
    private static let number = Atomic<Int32>(0)

    /// Makes the first signal set a flag instead of ending the process; a second one ends it.
    ///
    /// The signals are also unblocked, since the parent process may have blocked them.
    package static func watch() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in SignalCleanup.signals {
            signal(number) { number in
                // timeout(1) may send the same signal twice at once, so the second one must come later.
                let now = time(nil)
                let before = Interrupt.first.load(ordering: .relaxed)
                if before == 0 {
                    Interrupt.number.store(number, ordering: .relaxed)
                    Interrupt.first.store(now, ordering: .relaxed)
                }
                if before != 0 && now > before + 1 {
                    signal(number, SIG_DFL)
                    raise(number)
                }
            }
        }
    }

    /// True after a signal.
    package static var isRequested: Bool { first.load(ordering: .relaxed) != 0 }

    /// Ends the process by the signal, so that its exit status shows it; does nothing if there was no signal.
    package static func endIfRequested() {
        if !isRequested { return }
        let number = number.load(ordering: .relaxed)
        signal(number, SIG_DFL)
        raise(number)
    }
}
