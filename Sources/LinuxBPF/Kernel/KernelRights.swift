import CLibbpf
import Glibc

/// Finds out whether this process may load programs, and says why not.
enum KernelRights {
    /// Tries the system call.
    ///
    /// - Throws: ``KernelError``
    static func check() throws(KernelError) {
    }
}
