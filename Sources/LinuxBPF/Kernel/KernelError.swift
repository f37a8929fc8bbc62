import Glibc

/// The reason for which the running kernel cannot be used, or failed; its description is one line.
package struct KernelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The requested operation.
    package enum Attempt: String, Hashable, Sendable {
        case use = "use BPF"
        case types = "load BTF"
        case kernelTypes = "read the BTF of the kernel"
        case map = "make a map"
        case load = "load a program"
        case read = "read a program back"
        case log = "get the verifier's log"
        case run = "run a program"
        case privilege = "give up capabilities for one load"
    }

    /// The requested operation.
    package var attempt: Attempt
    /// The `errno`; 0 if there is none.
    package var code: Int32
    /// The missing right with the remedy, or another explanation; `nil` for none.
    package var explanation: String?

    package init(_ attempt: Attempt, code: Int32, _ explanation: String? = nil) {
        self.attempt = attempt
        self.code = code
        self.explanation = explanation
    }

    /// True if this process or the machine lacks a resource, or a signal interrupted the call: no program is to blame.
    ///
    /// `ENOMEM` of a load does not count, since the kernel returns it for jumps out of range as well.
    package var isOfEnvironment: Bool {
        switch (attempt, code) {
        case (_, EMFILE), (_, ENFILE), (_, EAGAIN), (_, EINTR): true
        // Kernels before 5.11 count the memory of maps against RLIMIT_MEMLOCK, and say EPERM.
        case (.map, ENOMEM), (.map, ENOSPC), (.map, EPERM), (.types, ENOMEM), (.read, ENOMEM): true
        default: false
        }
    }

    /// The failed operation, the reason, and the remedy.
    package var description: String {
        let reason = code == 0 ? "" : ": " + LibbpfLog.words(for: code)
        return "cannot \(attempt.rawValue)\(reason)" + (explanation.map { "; \($0)" } ?? "")
    }
}
