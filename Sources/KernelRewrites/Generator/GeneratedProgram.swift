import BPF
import KernelModel

/// A program for the running kernel, and its properties by construction.
package struct GeneratedProgram: Sendable {
    package var loadable: LoadableProgram
    /// For each slot, true if it can be reached; the verifier sees exactly these.
    ///
    /// - Shape: one a slot; the second slot of a wide load as its first
    package var live: [Bool]
    /// True if each run ends soon and its result depends only on its data and maps.
    package var isRunnable: Bool
    /// The profiles that it was made from.
    package var profiles: Set<ProgramProfile>
    /// The jumps that the verifier decides, and the calls that do not return.
    var verdicts: [(slot: Int, verdict: ProgramDraft.Verdict)] = []
}
