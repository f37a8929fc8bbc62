import Glibc

/// Why the running kernel cannot be worked with, or did not do what it should; its description is one line.
package struct KernelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wanted of the kernel.
    package enum Attempt: String, Hashable, Sendable {
        case use = "use BPF"
        case types = "load BTF"
        case kernelTypes = "read the BTF of the kernel"
        case map = "make a map"
        case load = "load a program"
        case read = "read a program back"
        case log = "have the verifier's log"
        case run = "run a program"
        case privilege = "give up capabilities for one load"
    }

    /// What was wanted.
    package var attempt: Attempt
    /// The `errno`; 0 where the kernel gave none.
    package var code: Int32
    /// What is missing and how to get it, or what else there is to say.
    package var explanation: String?

    package init(_ attempt: Attempt, code: Int32, _ explanation: String? = nil) {
        self.attempt = attempt
        self.code = code
        self.explanation = explanation
    }

    /// Whether this process or the machine has run out of something, or a signal came between: no program is to blame.
    ///
    /// That there is no memory for a program is what the kernel also says of one whose jumps would not reach.
    package var isOfEnvironment: Bool {
        switch (attempt, code) {
        case (_, EMFILE), (_, ENFILE), (_, EAGAIN), (_, EINTR): true
        // Kernels before 5.11 count the memory of maps against RLIMIT_MEMLOCK, and say EPERM.
        case (.map, ENOMEM), (.map, ENOSPC), (.map, EPERM), (.types, ENOMEM), (.read, ENOMEM): true
        default: false
        }
    }

    /// What failed, the reason of the system, and what helps.
    package var description: String {
        let reason = code == 0 ? "" : ": " + LibbpfLog.words(for: code)
        return "cannot \(attempt.rawValue)\(reason)" + (explanation.map { "; \($0)" } ?? "")
    }
}
