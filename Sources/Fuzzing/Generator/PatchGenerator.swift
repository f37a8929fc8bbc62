import BPF
import Patching

/// Generates the patch of one edit: instructions with unique markers, the kept instruction, and jumps in the patch, out
/// of it, and to the program.
struct PatchGenerator: ~Copyable {
    /// The role of a slot of the patch.
    enum Role: UInt8, BitwiseCopyable {
        case insn, second, kept, jump
    }

    private var roles = Scratch<Role>()

    /// Adds a patch to the last edit of a buffer.
    ///
    /// - Complexity: O(patch slots)
    mutating func generate(
        _ edit: PlannedEdit, at off: InputIndex, _ build: borrowing PassBuilder,
        patterns: UnsafeTypedBuffer<Slot, SlotPattern>,
        _ targets: borrowing JumpTargetCounts, _ maker: inout SlotMaker, _ draws: inout Draws,
        into buffer: PassBuffer
    ) {
        var bits = draws.bits()
        var count = 1 + draws.below(build.features.patchLength)
        // Rarely longer than 8 bits count.
        if bits.chance(1, of: 64) { count += bits.below(32) + (bits.chance(31, of: 32) ? 0 : 256) }
        let width = edit.end - off
        if edit.keeps { count += width - 1 }
        roles.reserve(count)
        let roles = roles.buffer(as: PatchIndex.self)
        let keep = edit.keeps ? draws.below(count - width + 1) : count
        if edit.keeps { buffer.updateLast { $0.keep = UInt32(keep) } }
        let start = buffer.patchCount
        var jumps = 0
        var slot = 0
        while slot < count {
            if slot == keep {
                for number in 0..<width {
                    buffer.addPatch(PatchGenerator.placeholder(&bits))
                    unsafe roles[PatchIndex(slot + number)] = number == 0 ? .kept : .second
                }
                slot += width
                continue
            }
            var draw = draws.bits()
            var pattern = unsafe patterns[Slot(draw.below(CaseFeatures.paletteSize))]
            let isCall = pattern.kind == .call || pattern.kind == .function
            let isUnwanted =
                (pattern.kind.isJump && draw.below(8) > build.features.patchJumps)
                || (isCall && !build.features.limits.allow(.refs))
            var isWide = pattern.code == Opcode.loadImmediate64
            if isUnwanted || (isWide && (slot + 1 >= count || slot + 1 == keep)) {
                pattern = .plain
                isWide = false
            }
            buffer.addPatch(maker.make(pattern, &draw))
            unsafe roles[PatchIndex(slot)] = pattern.kind.isJump ? .jump : .insn
            jumps += pattern.kind.isJump ? 1 : 0
            slot += 1
            if isWide {
                buffer.addPatch(maker.makeSecond())
                unsafe roles[PatchIndex(slot)] = .second
                slot += 1
            }
        }
        if jumps == 0 { return }
        let patch = buffer.image.patches.suffix(from: PoolIndex(start), as: PatchIndex.self)
        for index in 0..<count where unsafe roles[PatchIndex(index)] == .jump {
            aim(PatchIndex(index), of: patch, count, roles, edit, at: off, build, targets, &draws, into: buffer)
        }
    }

    /// A placeholder of the kept instruction: mostly bits that a patcher would mistake for an instruction.
    @inline(__always)
    private static func placeholder(_ bits: inout DrawnBits) -> Instruction {
        let looks: [4 of UInt64] = [0, 0x0000_0003_0001_0005, 0x0000_0002_0002_0018, 0x0000_0001_0003_1085]
        return Instruction(bits: looks[bits.below(4)])
    }

    /// Chooses the target of a jump or call of the patch.
    private func aim(
        _ index: PatchIndex, of patch: UnsafeTypedBuffer<PatchIndex, Instruction>, _ count: Int,
        _ roles: UnsafeTypedBuffer<PatchIndex, Role>,
        _ edit: PlannedEdit, at off: InputIndex, _ build: borrowing PassBuilder, _ targets: borrowing JumpTargetCounts,
        _ draws: inout Draws, into buffer: PassBuffer
    ) {
        var insn = unsafe patch[index]
        let kind = insn.jumpKind
        var bits = draws.bits()
        // With a ref, the offset is a placeholder of any value.
        _ = insn.setJumpOffset(bits.below(8) - 3, kind)
        if kind.isCall {
            unsafe patch[index] = insn
            buffer.addRef(Ref(from: index, to: callee(off, edit, build, targets, &bits)))
            return
        }
        if bits.chance(build.features.refs, of: 8),
            let target = reachable(off, edit, build, targets, &bits, &draws)
        {
            unsafe targets.counts[target] += 1
            unsafe patch[index] = insn
            buffer.addRef(Ref(from: index, to: target))
            return
        }
        let mayLeave = edit.mayLeave || !build.isChecked
        var target = draws.below(count)
        if mayLeave && bits.chance(build.features.leaving, of: 8) {
            target = count
            if edit.end > off { unsafe targets.counts[edit.end] += 1 }
        } else if unsafe roles[PatchIndex(target)] == .second {
            target -= 1
        }
        _ = insn.setJumpOffset(target - index.position - 1, kind)
        unsafe patch[index] = insn
    }

    /// An input instruction that a jump of the patch can reach, mostly at a border, or `nil`.
    private func reachable(
        _ off: InputIndex, _ edit: PlannedEdit, _ build: borrowing PassBuilder, _ targets: borrowing JumpTargetCounts,
        _ bits: inout DrawnBits, _ draws: inout Draws
    ) -> InputIndex? {
        let input = build.input
        if !build.isChecked && bits.chance(1, of: 2) {
            // Into another subprogram, on a second slot, or past the end.
            return InputIndex(draws.below(input.insnCount + 1))
        }
        let low = build.homeStart
        let span = build.homeEnd - low
        var target = low + draws.below(span)
        if bits.chance(1, of: 4) {
            let near = off.position + bits.below(8) - 3
            if near >= low && near < build.homeEnd { target = near }
        }
        if input.isSecondSlot(InputIndex(target)) { target -= 1 }
        let index = InputIndex(target)
        if build.isChecked {
            let isAppend = off.position == input.insnCount
            if unsafe targets.states[index] == .nothing { return nil }
            let mayBeDead = build.features.limits.allowsDeadTargets && !isAppend
            if unsafe !mayBeDead && targets.states[index] == .deleted { return nil }
            // A jump into the range of this edit, except to its first slot, has no target.
            if index > off && index < edit.end { return nil }
        }
        return index
    }

    /// A subprogram that a call of the patch can reach.
    private func callee(
        _ off: InputIndex, _ edit: PlannedEdit, _ build: borrowing PassBuilder, _ targets: borrowing JumpTargetCounts,
        _ bits: inout DrawnBits
    ) -> InputIndex {
        let input = build.input
        let isAppend = off.position == input.insnCount
        let width = input.subprogramCount > 256 ? 12 : 8
        for _ in 0..<4 {
            let number = bits.below(input.subprogramCount, ofBits: width)
            let start = unsafe InputIndex(rawValue: input.subprograms[TableIndex(number)].start)
            let isAhead = start > off && start >= edit.end
            let mayBeDead = number == build.home && !isAppend && build.features.limits.allowsDeadTargets
            if unsafe isAhead || !build.isChecked || targets.states[start] == .surviving || mayBeDead {
                unsafe targets.counts[start] += 1
                return start
            }
        }
        // The subprogram of the edit survives with the patch; for an append, use the first one that survives.
        return fallback(isAppend, build, targets)
    }

    private func fallback(_ isAppend: Bool, _ build: borrowing PassBuilder, _ targets: borrowing JumpTargetCounts)
        -> InputIndex
    {
        if !isAppend { return InputIndex(build.homeStart) }
        var number = 0
        for slot in 0..<build.input.insnCount where unsafe targets.states[InputIndex(slot)] == .surviving {
            while slot >= build.input.end(of: TableIndex(number)) { number += 1 }
            // A deleted start is valid if its subprogram survives.
            return unsafe InputIndex(rawValue: build.input.subprograms[TableIndex(number)].start)
        }
        return InputIndex(build.homeStart)
    }
}
