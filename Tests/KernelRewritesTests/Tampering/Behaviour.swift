import BPF

/// Tells if two programs execute the same instructions in the same order on every path.
///
/// A changed jump can be right by accident: it leads to code that does the same. Such a change is no fault, so it counts
/// neither as seen nor as unseen. Two places do the same if their instructions are equal, offsets of jumps left out, and if
/// the places that follow do the same. A `goto` is nothing but its target, and so is a conditional jump whose two
/// successors are one place.
struct Behaviour {
    private let left: Program
    private let right: Program

    init(_ left: Program, _ right: Program) {
        self.left = left
        self.right = right
    }

    /// True if the programs do the same from their first instructions on.
    ///
    /// - Complexity: O(pairs of slots), in practice O(slots)
    var isEqual: Bool {
        var assumed: Set<SIMD2<Int>> = []
        var open = [SIMD2(0, 0)]
        while let pair = open.popLast() {
            guard let first = Behaviour.resolved(pair.x, in: left), let second = Behaviour.resolved(pair.y, in: right)
            else { return false }
            if !assumed.insert(SIMD2(first, second)).inserted { continue }
            guard let next = successors(first, second) else { return false }
            open += next
        }
        return true
    }

    /// The slot after all gotos; `nil` outside the program, and for a loop of gotos.
    private static func resolved(_ slot: Int, in program: Program) -> Int? {
        var slot = slot
        for _ in 0..<program.insns.count {
            guard program.insns.indices.contains(slot) else { return nil }
            let insn = program.insns[slot]
            guard insn.code == Opcode.ja || insn.code == Opcode.gotol, let target = program.target(at: slot) else {
                return slot
            }
            slot = target
        }
        return nil
    }

    /// The pairs that must do the same if two slots do; `nil` if their instructions differ.
    private func successors(_ first: Int, _ second: Int) -> [SIMD2<Int>]? {
        let (one, other) = (left.insns[first], right.insns[second])
        let kind = one.jumpKind
        if kind != other.jumpKind || Behaviour.label(one) != Behaviour.label(other) { return nil }
        let width = one.width
        if one.isWide {
            guard first + 1 < left.insns.count, second + 1 < right.insns.count else { return nil }
            // The second slot of a pseudo function is a number.
            if kind != .function && left.insns[first + 1] != right.insns[second + 1] { return nil }
        }
        var next: [SIMD2<Int>] = []
        if kind != .none {
            guard let target = left.target(at: first), let otherTarget = right.target(at: second) else { return nil }
            next.append(SIMD2(target, otherTarget))
        }
        if one.code != Opcode.exit { next.append(SIMD2(first + width, second + width)) }
        return next
    }

    /// The bits of an instruction without its offset.
    private static func label(_ insn: Instruction) -> UInt64 {
        var insn = insn
        switch insn.jumpKind {
        case .none: break
        case .short: insn.off = 0
        case .long, .function: insn.imm = 0
        case .call: (insn.off, insn.imm) = (0, 0)
        }
        return insn.bits
    }
}
