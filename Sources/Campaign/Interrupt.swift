import Foundation
import Synchronization
import UserFiles

/// Whether the user has asked for an end, by SIGINT or SIGTERM, or is gone, by SIGHUP.
package enum Interrupt {
    /// When the first came, in seconds; 0 when none has.
    private static let first = Atomic<Int>(0)
    /// Its number.
    private static let number = Atomic<Int32>(0)

    /// Lets these signals set the flag instead of ending the process; a later one ends it.
    ///
    /// They are let through even if whoever started this process had them blocked.
    package static func watch() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in SignalCleanup.signals {
            signal(number) { number in
                // timeout and others send the same signal twice at once; only one that comes later means it.
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

    /// Whether one has come.
    package static var isRequested: Bool { first.load(ordering: .relaxed) != 0 }

    /// Ends the process by the signal that came, so that a shell sees why; does nothing if none has come.
    package static func endIfRequested() {
        if !isRequested { return }
        let number = number.load(ordering: .relaxed)
        signal(number, SIG_DFL)
        raise(number)
    }
}
