import BPF
import KernelModel

/// A program made for the running kernel, and what its maker knows of it.
package struct GeneratedProgram: Sendable {
    package var loadable: LoadableProgram
    /// Which slots a path leads to that can be taken; the verifier sees exactly these.
    ///
    /// - Shape: one a slot; the second slot of a wide load as its first
    package var live: [Bool]
    /// Whether it ends soon whenever it is run, and gives what depends on its data and maps alone.
    package var isRunnable: Bool
    /// What it was made of.
    package var profiles: Set<ProgramProfile>
}
