import BPF
import Patching

/// The 32-bit results of a program whose upper half a later instruction may read.
///
/// A kernel may fill an upper half only if no path reads it. All paths count here, even those that no run takes.
///
/// - Source: 6.18 `kernel/bpf/verifier.c`: `mark_insn_zext` marks reads on the walked paths, but not on paths that are
///   pruned because of an equal state
package struct UpperHalfReads {
    private var slots: Set<Int> = []

    /// Its word in a bucket, in place of an instruction.
    package static let word = "upper-half"

    /// - Complexity: O(slots)
    package init(_ program: Program) {
        if program.fault() != nil { return }
        let buffer = ProgramBuffer()
        buffer.load(program)
        let image = buffer.image(as: InputIndex.self)
        var reads = SixtyFourBitUses()
        reads.load(image)
        for slot in 0..<image.insnCount where reads.halfWritten(by: InputIndex(slot), image)?.isReadWide == true {
            slots.insert(slot)
        }
    }

    /// Returns true if the instruction at a slot writes 32 bits of a register whose upper half may be read later.
    package func isRead(_ slot: Int) -> Bool { slots.contains(slot) }
}
