/// A run of slots `b7 01 00 00` whose `imm` counts up, which files write as one element.
///
/// - Units: `count` in slots
package struct SlotRun: Hashable {
    package var count: Int
    /// `imm` of the first slot.
    package var imm: Int32

    /// A shorter run is written out.
    package static let shortest = 8
    /// No file may ask for more slots than this, sixteen times what the kernel takes.
    package static let most = 1 << 24

    /// The slot `number` places behind the first.
    package func insn(_ number: Int) -> Instruction {
        Instruction(code: Opcode.movImmediate64, dst: 1, imm: imm + Int32(number))
    }

    /// The longest run that begins at `start` and ends before `limit`; `nil` if it would be written out.
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
