import BPF
import Patching

/// The registers whose 64 bits may be read later, for each slot.
///
/// The verifier finds them on every path. Here two backward walks over the slots find them; the second one knows the
/// reads of loops. This is exact except for nested backward jumps.
struct SixtyFourBitUses: ~Copyable {
    private var storage = Scratch<UInt16>()

    /// Analyzes a program.
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

    /// The register of which an instruction writes 32 bits, with true if its 64 bits may be read later; else `nil`.
    @inline(__always)
    func halfWritten(by slot: InputIndex, _ input: ProgramImage<InputIndex>) -> (register: UInt8, isReadWide: Bool)? {
        let effect = unsafe RegisterEffect(of: input.insns[slot])
        if !effect.writes32 { return nil }
        let after = unsafe storage.buffer(as: InputIndex.self)[slot + 1]
        return (UInt8(effect.written.trailingZeroBitCount), effect.written & after != 0)
    }
}
