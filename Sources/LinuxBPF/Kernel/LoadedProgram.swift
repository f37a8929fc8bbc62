import BPF
import Glibc
import KernelModel

/// A program in the kernel; it goes when this does.
package struct LoadedProgram: ~Copyable, Sendable {
    /// The descriptor that keeps the program.
    package let descriptor: Int32
    /// What it was loaded as.
    package let type: ProgramType

    deinit { close(descriptor) }
}

/// What the kernel made of a program.
package enum LoadOutcome: ~Copyable, Sendable {
    /// The verifier accepts it.
    case loaded(LoadedProgram)
    /// It is not loaded.
    case refused(LoadRefusal)
}
