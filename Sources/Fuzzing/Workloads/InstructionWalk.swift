import BPF
import Patching

/// Iterates over the instructions of a program, with the subprogram of each.
struct InstructionWalk<Index: SlotIndex> {
    private let program: ProgramImage<Index>
    private var next = 0
    /// The number of the subprogram of the last returned instruction.
    private(set) var home = 0
    /// The end of that subprogram.
    private(set) var homeEnd: Int

    init(_ program: ProgramImage<Index>) {
        self.program = program
        homeEnd = program.end(of: TableIndex(0))
    }

    /// The start of that subprogram.
    @inline(__always)
    var homeStart: Int { unsafe Int(program.subprograms[TableIndex(home)].start) }

    /// The first slot of the next instruction, or `nil` after the last.
    ///
    /// - Complexity: O(1), amortised
    @inline(__always)
    mutating func advance() -> Index? {
        if next >= program.insnCount { return nil }
        let index = Index(next)
        while next >= homeEnd {
            home += 1
            homeEnd = program.end(of: TableIndex(home))
        }
        unsafe next += program.insns[index].width
        return index
    }

    /// True if an instruction follows in the same subprogram, so that a jump can leave a patch.
    @inline(__always)
    var hasNext: Bool { next < homeEnd }
}
