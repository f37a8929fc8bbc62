import BPF
import Patching

/// Goes through the instructions of a program in order, and knows where the subprogram at hand ends.
struct InstructionWalk<Index: SlotIndex> {
    private let program: ProgramImage<Index>
    private var next = 0
    /// The number of the subprogram that holds the last instruction given.
    private(set) var home = 0
    /// The first slot behind that subprogram.
    private(set) var homeEnd: Int

    init(_ program: ProgramImage<Index>) {
        self.program = program
        homeEnd = program.end(of: TableIndex(0))
    }

    /// The first slot of the subprogram at hand.
    @inline(__always)
    var homeStart: Int { unsafe Int(program.subprograms[TableIndex(home)].start) }

    /// The next instruction, by its first slot, or `nil` behind the last.
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

    /// Whether something stands behind the last instruction given in its subprogram, to be reached by leaving a patch.
    @inline(__always)
    var hasNext: Bool { next < homeEnd }
}
