import Foundation
import Synchronization

/// Whether the user has asked for an end, by SIGINT or SIGTERM.
public enum Interrupt {
    private static let flag = Atomic<Bool>(false)

    /// Lets SIGINT and SIGTERM set the flag instead of ending the process; a second one ends it.
    ///
    /// They are let through even if whoever started this process had them blocked.
    public static func watch() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { unsafe sigaddset(&signals, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interrupt.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    /// Whether one has come.
    public static var isRequested: Bool { flag.load(ordering: .relaxed) }
}
