import BPF
import Patching

/// A hash of the program and the passes of a case. A minimization stores it for each candidate.
///
/// It is the same on every machine and in every run, so that minimization is deterministic.
///
/// - Shape: 128 bits; the chance of a collision among a million cases is 1 in 10^26
struct CaseHash: Hashable {
    private var low: UInt64 = 0x243f_6a88_85a3_08d3
    private var high: UInt64 = 0x1319_8a2e_0370_7344

    /// Hashes a case.
    ///
    /// - Complexity: O(slots)
    init(_ c: Case) {
        addAll(c.program.insns) { $0.bits }
        addAll(c.program.aux) { UInt64($0) }
        addAll(c.program.subprograms) { UInt64($0.start) << 32 | UInt64($0.id) }
        addAll(c.program.lines) { UInt64($0.insnOff) << 32 | UInt64($0.id) }
        add(UInt64(c.passes.count))
        for pass in c.passes {
            add(UInt64(pass.edits.count))
            for edit in pass.edits {
                add(UInt64(edit.off.rawValue) << 32 | UInt64(edit.remove))
                add((edit.keep.map { UInt64($0.rawValue) + 1 } ?? 0) << 1 | (edit.skip ? 1 : 0))
                addAll(edit.patch) { $0.bits }
                addAll(edit.refs) { UInt64($0.from.rawValue) << 32 | UInt64($0.to.rawValue) }
            }
        }
    }

    private mutating func addAll<Element>(_ row: [Element], _ word: (Element) -> UInt64) {
        add(UInt64(row.count))
        for element in row { add(word(element)) }
    }

    /// Mixes a word into both halves, by a different function each.
    private mutating func add(_ word: UInt64) {
        low = (low ^ word) &* 0x9e37_79b9_7f4a_7c15
        low ^= low >> 29
        high = (high &+ word) &* 0xc2b2_ae3d_27d4_eb4f
        high ^= high >> 32
    }
}
