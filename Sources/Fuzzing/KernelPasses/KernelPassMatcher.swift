import BPF
import Patching

/// Decides which passes of a kernel have exactly the edits of a pass as their effect.
///
/// What the verifier found follows from the edits: a removed slot is dead, a hard-wired jump has a dead branch. A pass
/// matches if these facts do not contradict each other, and the rules of the pass make the same edits from them.
struct KernelPassMatcher: ~Copyable {
    private var reach = Reachability()
    /// The edits that a pass makes.
    private let made = PassBuffer()

    /// One of some passes that matches, or `nil`. Several match a pass without edits; the program decides among them.
    ///
    /// - Complexity: O(slots × log edits)
    mutating func choose(
        among passes: [KernelPass], of release: KernelVersion, _ pass: PassImage, _ input: ProgramImage<InputIndex>,
        _ expectation: borrowing Expectation
    ) -> KernelPass? {
        if expectation.status == .einval { return nil }
        let first = input.insnCount % max(passes.count, 1)
        for number in 0..<passes.count {
            let kernelPass = passes[(first + number) % passes.count]
            if matches(kernelPass, release, pass, input, expectation) { return kernelPass }
        }
        return nil
    }

    private mutating func matches(
        _ kernelPass: KernelPass, _ release: KernelVersion, _ pass: PassImage, _ input: ProgramImage<InputIndex>,
        _ expectation: borrowing Expectation
    ) -> Bool {
        // Only longer patches can make an offset too large.
        let grows = [.loops, .upperHalves, .blinding].contains(kernelPass)
        if expectation.status != .accepted && !grows { return false }
        return switch kernelPass {
        case .hardWiring: hardWires(pass, input)
        case .deadCode: removesDeadCode(pass, input, expectation)
        case .nops: removesNops(pass, input, release)
        case .sanitizing: sanitizes(pass, input, expectation)
        case .fastcall: SpillsAndFills.matches(pass, input)
        case .loops: LoopExpansion.matches(pass, input)
        case .blinding: blinds(pass, input, release)
        case .functionOffsets: pass.editCount == 0
        case .upperHalves: UpperHalves.matches(pass, input, release)
        }
    }

    // MARK: Passes

    private mutating func hardWires(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if edit.remove != 1 || edit.patchCount != 1 || edit.keep != EditRecord.noKeep { return false }
            if unsafe pass.patch(of: edit)[PatchIndex(0)].code != Opcode.ja { return false }
        }
        if HardWiring.hasOpenEnd(input) { return false }
        reach.load(input) { slot, _ in
            guard let edit = KernelPassMatcher.edit(at: slot, in: pass) else { return .either }
            return edit.refCount > 0 ? .jump : .next
        }
        var number = 0
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            let insn = unsafe input.insns[slot]
            let branch = HardWiring.branch(of: insn, at: slot, reach)
            if branch == .either { continue }
            if number == pass.editCount || pass.edit(number).off != slot { return false }
            let edit = pass.edit(number)
            let target = pass.target(of: PatchIndex(0), in: edit)
            if branch == .jump {
                if target != HardWiring.target(of: insn, at: slot) { return false }
            } else if unsafe target != nil || pass.patch(of: edit)[PatchIndex(0)] != .jump(0) {
                return false
            }
            number += 1
        }
        return number == pass.editCount
    }

    private func removesDeadCode(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation
    ) -> Bool {
        for number in 0..<pass.editCount where !pass.edit(number).isDeletion { return false }
        return isClosed(input, expectation)
    }

    private func removesNops(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ release: KernelVersion
    ) -> Bool {
        // Newer kernels remove may_goto +0 too, and then look at the instruction before it again.
        let looksAtMayGoto = release >= KernelVersion(6, 14)
        var number = 0
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            let insn = unsafe input.insns[slot]
            if looksAtMayGoto && insn.code == Opcode.mayGoto { return false }
            if insn != .jump(0) { continue }
            if number == pass.editCount { return false }
            let edit = pass.edit(number)
            if edit.off != slot || !edit.isDeletion || edit.remove != 1 { return false }
            number += 1
        }
        return number == pass.editCount
    }

    private func sanitizes(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation
    ) -> Bool {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let width = unsafe edit.off.position < input.insnCount ? input.insns[edit.off].width : 0
            if edit.remove != width || edit.patchCount != width || edit.keep != EditRecord.noKeep { return false }
            if edit.refCount > 0 { return false }
            for slot in 0..<width where unsafe pass.patch(of: edit)[PatchIndex(slot)] != .jump(-1) { return false }
        }
        return isClosed(input, expectation)
    }

    private func blinds(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ release: KernelVersion
    ) -> Bool {
        if !ConstantBlinding.isBlindable(input) { return false }
        // Kernels before 6.6 do not know arithmetic with an offset, such as signed division.
        if release < KernelVersion(6, 6) && KernelPassMatcher.hasArithmeticOffset(input) { return false }
        let extends = (0..<pass.editCount).contains { pass.edit($0).remove == 2 && pass.edit($0).patchCount == 8 }
        var draft = WorkloadDraft(for: input, into: made, .all, marker: 1)
        ConstantBlinding.write(&draft, .kernel(extends: extends))
        let other = made.image
        if pass.editCount != other.editCount { return false }
        return (0..<pass.editCount).allSatisfy { KernelPassMatcher.isEqual($0, pass, other) }
    }

    private static func hasArithmeticOffset(_ input: ProgramImage<InputIndex>) -> Bool {
        (0..<input.insnCount).contains { slot in
            let insn = unsafe input.insns[InputIndex(slot)]
            let family = insn.code & Opcode.classMask
            return insn.off != 0 && (family == Opcode.arithmeticClass || family == Opcode.arithmetic32Class)
        }
    }

    /// Returns true if two edits are equal but for the random numbers of constants.
    private static func isEqual(_ number: Int, _ one: PassImage, _ two: PassImage) -> Bool {
        let (left, right) = (one.edit(number), two.edit(number))
        if left.off != right.off || left.remove != right.remove || left.patchCount != right.patchCount { return false }
        if left.keep != right.keep || left.refCount != right.refCount { return false }
        let (patch, other) = (one.patch(of: left), two.patch(of: right))
        var slot = 0
        while slot < left.patchCount {
            let index = PatchIndex(slot)
            var (insn, must) = unsafe (patch[index], other[index])
            if unsafe slot + 1 < left.patchCount && hidesConstant(other[index], other[index + 1]) {
                var (next, mustNext) = unsafe (patch[index + 1], other[index + 1])
                if insn.imm ^ next.imm != must.imm ^ mustNext.imm || next.imm == 0 { return false }
                (insn.imm, next.imm, must.imm, mustNext.imm) = (0, 0, 0, 0)
                if next != mustNext { return false }
                slot += 1
            }
            // Offsets of jumps by ref are placeholders.
            if one.target(of: index, in: left) != two.target(of: index, in: right) { return false }
            if left.refCount > 0 { (insn.off, must.off) = (0, 0) }
            if insn != must { return false }
            slot += 1
        }
        return true
    }

    /// Returns true if two instructions compute a constant from two numbers.
    private static func hidesConstant(_ first: Instruction, _ second: Instruction) -> Bool {
        first.dst == Register.hidden && second.dst == Register.hidden
            && second.code & ~Opcode.classMask == Arithmetic.xor.rawValue
    }

    // MARK: Facts

    /// The edit that starts at a slot, or `nil`.
    ///
    /// - Complexity: O(log edits)
    static func edit(at slot: InputIndex, in pass: PassImage) -> EditRecord? {
        var low = 0
        var high = pass.editCount
        while low < high {
            let middle = (low + high) / 2
            if pass.edit(middle).off < slot { low = middle + 1 } else { high = middle }
        }
        return low < pass.editCount && pass.edit(low).off == slot ? pass.edit(low) : nil
    }

    /// Returns true if the first slot survives, and surviving code reaches surviving code only.
    ///
    /// The verifier walks from the start of the program, so it has seen all that the code it has seen reaches.
    ///
    /// - Complexity: O(slots)
    private func isClosed(_ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation) -> Bool {
        let places = expectation.targets.places
        if unsafe places[InputIndex(0)] < 0 { return false }
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            if unsafe places[slot] < 0 { continue }
            let insn = unsafe input.insns[slot]
            let next = slot + insn.width
            if unsafe walk.hasNext && !insn.endsFlow && places[next] < 0 { return false }
            let kind = insn.jumpKind
            if unsafe kind != .none && places[InputIndex(slot.position + 1 + insn.jumpOffset(kind))] < 0 {
                return false
            }
            if unsafe places[InputIndex(walk.homeStart)] < 0 { return false }
            if insn.code == Opcode.gotox {
                for other in walk.homeStart..<walk.homeEnd where unsafe places[InputIndex(other)] < 0 { return false }
            }
        }
        return true
    }
}
