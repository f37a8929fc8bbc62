import BPF
import Patching

/// A design with one planted fault, in the pass that it carries out or in its result.
package final class FaultyDesign: Patcher {
    /// A pass and its result, for a change.
    struct Outcome {
        let pass: Pass
        let input: Program
        let origins: [Reference.Origin]
        /// The slot of the result of each input slot that survives.
        let slots: [Int?]
        var status: PatchStatus
        var result: Program
    }

    package let name: String
    private let fault: DesignFault
    private let design: any Patcher
    private let changedPass = PassBuffer()
    /// True if the pass before had a skip.
    private var hadSkip = false

    package init(_ fault: DesignFault, name: String) {
        self.fault = fault
        self.name = name
        design = fault.design.make()
    }

    package func apply(
        _ image: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let pass = Pass(image)
        if fault == .emptyPassRefused && pass.edits.isEmpty { return .einval }
        if fault == .roomForEightEdits && pass.edits.count > 8 { return .einval }
        changedPass.load(changed(pass, count: input.insnCount))
        let status = design.apply(changedPass.image, to: input, into: output)
        if fault == .refusalIsOverflow && status == .einval { return .erange }
        if fault == .overflowIsRefusal && status == .erange { return .einval }
        if fault == .refusalIsAccepted && status == .einval {
            output.load(input)
            return .accepted
        }
        if status != .accepted || fault.isFar { return status }
        let program = Program(input)
        let layout = Reference.Layout(Reference(pass, on: program))
        var outcome = Outcome(
            pass: pass, input: program, origins: layout.origins, slots: layout.slots, status: status,
            result: Program(output.image(as: OutputIndex.self)))
        outcome.change(by: fault)
        output.load(outcome.result)
        return status
    }

    /// The pass that the design carries out.
    private func changed(_ pass: Pass, count: Int) -> Pass {
        var pass = pass
        for number in pass.edits.indices {
            switch fault {
            case .laterSkipForgotten where number > 0: pass.edits[number].skip = false
            case .skipFromPassBefore where hadSkip && pass.edits[number].remove == 0: pass.edits[number].skip = true
            case .thirdRefOffByOne where number > 1:
                pass.edits[number].refs = pass.edits[number].refs.map { ref in
                    let isCall = pass.edits[number].patch[ref.from.position].offsetField == .callee
                    return isCall || ref.to.position >= count ? ref : Ref(from: ref.from, to: ref.to + 1)
                }
            default: break
            }
        }
        hadSkip = pass.edits.contains(where: \.skip)
        return pass
    }
}

extension FaultyDesign.Outcome {
    mutating func change(by fault: DesignFault) {
        for slot in origins.indices {
            guard case .input(let source) = origins[slot] else { continue }
            changeJump(slot, from: source, by: fault)
            if fault == .keptWideLosesAux, source > 0, input.insns[source - 1].isWide, isKept(source) {
                result.aux[slot] = 0
            }
        }
        changeTables(by: fault)
    }

    /// Returns true for an input slot that a patch keeps.
    private func isKept(_ source: Int) -> Bool {
        pass.edits.contains { $0.keep != nil && $0.off.position <= source && source < $0.end }
    }

    /// Changes the jump in a slot of the result that comes from a slot of the input.
    private mutating func changeJump(_ slot: Int, from source: Int, by fault: DesignFault) {
        let insn = input.insns[source]
        guard let field = insn.offsetField else { return }
        let isCall = field == .callee
        let target = source + 1 + insn.offset
        let between = pass.edits.filter {
            $0.growth != 0 && min(source, target) < $0.off.position && $0.end <= max(source, target)
        }
        let isForward = target > source
        switch fault {
        case .cancelledGrowth where pass.edits.count > 1 && pass.edits.reduce(0) { $0 + $1.growth } == 0,
            .lastSlotForgotten where slot == origins.count - 1,
            .nextSlotForgotten where !isCall && insn.offset == 0,
            .selfJumpForgotten where !isCall && target == source,
            .recursionForgotten where isCall && home(source) == home(target),
            .negativeDeltaForgotten where !isCall && isForward && between.contains { $0.patch.isEmpty },
            .deletionAtZero
        where !isCall && pass.edits.first.map { $0.off.position == 0 && $0.patch.isEmpty && target < $0.end } == true:
            set(insn.offset, at: slot)
        case .secondDeltaForgotten where between.count > 1, .thirdDeltaForgotten where between.count > 2 && isForward:
            let last = between[between.count - 1].growth
            set(result.insns[slot].offset - (isForward ? last : -last), at: slot)
        case .jumpAcrossAppend
        where !isCall && target == input.insns.count - 1 && pass.edits.last?.off.position == input.insns.count:
            let lands = slots[target].map { $0 == slot + 1 + result.insns[slot].offset } ?? false
            if lands { set(result.insns[slot].offset + 1, at: slot) }
        case .upperHalfOfFunction where insn.isWide && result.insns[slot].imm < 0 && result.insns[slot].imm != insn.imm:
            result.insns[slot + 1].imm = -1
        default: break
        }
    }

    private func home(_ slot: Int) -> Int? { input.subprograms.lastIndex { Int($0.start) <= slot } }

    private mutating func set(_ offset: Int, at slot: Int) { _ = result.insns[slot].setOffset(offset) }

    private mutating func changeTables(by fault: DesignFault) {
        switch fault {
        case .startAfterSkip:
            for edit in pass.edits where edit.skip {
                guard let place = input.subprograms.firstIndex(where: { $0.start == edit.off.rawValue }) else {
                    continue
                }
                let id = input.subprograms[place].id
                if place > 0, let found = result.subprograms.firstIndex(where: { $0.id == id }) {
                    result.subprograms[found].start += UInt32(edit.patch.count)
                }
            }
        case .lineOfNextLost:
            let ids = Set(result.subprograms.map(\.id))
            for (before, next) in zip(input.subprograms, input.subprograms.dropFirst())
            where !ids.contains(before.id) {
                let start = result.subprograms.first { $0.id == next.id }?.start
                result.lines.removeAll { $0.insnOff == start }
            }
        case .fifthLineLost: result.lines = Array(result.lines.prefix(4))
        case .lineIDsNotShifted where result.lines.count < input.lines.count:
            for place in result.lines.indices { result.lines[place].id = input.lines[place].id }
        default: break
        }
    }
}

extension Edit {
    /// The growth of the program.
    fileprivate var growth: Int { patch.count - Int(remove) }
}
