import BPF
import Patching

/// Which registers may still be read with all their 64 bits, slot by slot.
///
/// The verifier knows this from walking every path. Here it is worked out backwards over the slots, twice, so that the
/// second time knows what loops read: enough for all but nested backward jumps.
struct WideReads: ~Copyable {
    private var storage = Scratch<UInt16>()

    /// Works it out for a program.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        let count = input.insnCount
        storage.reserve(count + 1)
        let reads = storage.buffer(as: InputIndex.self)
        unsafe reads.fill(count + 1, from: InputIndex(0), with: 0)
        for _ in 0..<2 {
            var slot = count - 1
            while slot >= 0 {
                let index = InputIndex(slot)
                let insn = unsafe input.insns[index]
                var after = unsafe insn.endsFlow ? 0 : reads[index + 1]
                if insn.jumpKind.isJump { unsafe after |= reads[InputIndex(slot + 1 + insn.jumpOffset(insn.jumpKind))] }
                let effect = RegisterEffect(of: insn)
                unsafe reads[index] = after & ~effect.written | effect.read
                slot -= 1
            }
        }
    }

    /// The register of which an instruction writes 32 bits, and whether all 64 may be read later; `nil` when it writes none
    /// so.
    @inline(__always)
    func halfWritten(by slot: InputIndex, _ input: ProgramImage<InputIndex>) -> (register: UInt8, isReadWide: Bool)? {
        let effect = unsafe RegisterEffect(of: input.insns[slot])
        if !effect.writes32 { return nil }
        let after = unsafe storage.buffer(as: InputIndex.self)[slot + 1]
        return (UInt8(effect.written.trailingZeroBitCount), effect.written & after != 0)
    }
}
