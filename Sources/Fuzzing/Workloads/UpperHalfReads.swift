import BPF
import Patching

/// Which 32-bit results of a program have an upper half that a later instruction reads, whatever a kernel says of them.
///
/// A kernel may fill an upper half only if no path reads it. All paths count here, also those that no run takes.
///
/// - Source: 6.18 `kernel/bpf/verifier.c`: `mark_insn_zext` marks what is read on the paths that are walked; where a path is
///   left because a state like it was walked before, nothing is marked
package struct UpperHalfReads {
    private var slots: Set<Int> = []

    /// The word for it in a bucket, in the place of an instruction.
    package static let word = "upper-half"

    /// - Complexity: O(slots)
    package init(_ program: Program) {
        if program.fault() != nil { return }
        let buffer = ProgramBuffer()
        buffer.load(program)
        let image = buffer.image(as: InputIndex.self)
        var reads = WideReads()
        reads.load(image)
        for slot in 0..<image.insnCount where reads.halfWritten(by: InputIndex(slot), image)?.isReadWide == true {
            slots.insert(slot)
        }
    }

    /// True if the instruction at a slot writes 32 bits of a register of which 64 may be read later.
    package func isRead(_ slot: Int) -> Bool { slots.contains(slot) }
}
