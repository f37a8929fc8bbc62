import BPF
import Glibc
import KernelModel

/// A program in the kernel, which is freed by `deinit`.
package struct LoadedProgram: ~Copyable, Sendable {
    /// The descriptor that keeps the program.
    package let descriptor: Int32
    /// The type that it was loaded as.
    package let type: ProgramType

    deinit { close(descriptor) }
}

/// The result of a load.
package enum LoadOutcome: ~Copyable, Sendable {
    /// The verifier accepts the program.
    case loaded(LoadedProgram)
    /// The program is not loaded.
    case refused(LoadRefusal)
}
