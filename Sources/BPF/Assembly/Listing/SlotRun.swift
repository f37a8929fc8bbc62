/// A run of slots `b7 01 00 00` whose `imm` counts up; files write it as one element.
///
/// - Units: `count` in slots
package struct SlotRun: Hashable {
    package var count: Int
    /// `imm` of the first slot.
    package var imm: Int32

    /// A shorter run is written slot by slot.
    package static let shortest = 8
    /// The most slots of a file: sixteen times the kernel's limit.
    package static let most = 1 << 24

    /// The slot with a number, counted from 0.
    package func insn(_ number: Int) -> Instruction {
        Instruction(code: Opcode.movImmediate64, dst: 1, imm: imm + Int32(number))
    }

    /// The longest run from `start` to at most `limit`; `nil` if it is too short for one element.
    ///
    /// - Complexity: O(its length)
    package init?(_ insns: [Instruction], at start: Int, limit: Int) {
        guard limit - start >= Self.shortest else { return nil }
        self.init(count: 0, imm: insns[start].imm)
        while start + count < limit, Int(imm) + count <= Int(Int32.max), insns[start + count] == insn(count) {
            count += 1
        }
        if count < Self.shortest { return nil }
    }

    package init(count: Int, imm: Int32) {
        self.count = count
        self.imm = imm
    }
}
