import BPF

/// A program made for the running kernel, and what its maker knows of it.
public struct GeneratedProgram: Sendable {
    public var loadable: LoadableProgram
    /// Which slots a path leads to that can be taken; the verifier sees exactly these.
    ///
    /// - Shape: one a slot; the second slot of a wide load as its first
    public var live: [Bool]
    /// Whether it ends soon whenever it is run, and gives what depends on its data and maps alone.
    public var isRunnable: Bool
    /// What it was made of.
    public var profiles: Set<ProgramProfile>
}
