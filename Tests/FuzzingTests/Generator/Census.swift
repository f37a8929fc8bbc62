import BPF
import Patching

@testable import Fuzzing

/// Counts of everything in generated cases that a patcher could get wrong.
struct Census {
    /// A property of a pass.
    enum Feature: String, CaseIterable, Sendable {
        case forwardToFirst, forwardToLast, forwardToBefore, forwardToAfter
        case backwardToFirst, backwardToLast, backwardToBefore, backwardToAfter
        case jumpToItself, callToEdit
        case sideBySide, atStart, append, atSubprogram, emptiesSubprogram
        case insertion, skip, patch, keep, keptJump, deletion, replacement
        case ref, callRef, leaving, secondPass
        case decoy, hundreds, grows, shrinks
        case huge, hugeTarget, hugeSubprogram, hugeLine, manySubprograms, manyLines, manyEdits, longPatch,
            longPatchTarget
        case immediateAtLimit, jumpImmediateAtLimit, offsetAtLimit
        case farForwardFits, farBackwardFits, farForwardOverflows, farBackwardOverflows
    }

    private(set) var counts: [Feature: Int] = [:]
    private(set) var rules: [MalformedEdit.Rule: Int] = [:]
    private(set) var cases = 0
    /// The number of cases that were meant to be refused, and of those that were.
    private(set) var planned = 0
    private(set) var refused = 0
    private(set) var overflows = 0
    /// Errors in words.
    private(set) var faults: [String] = []

    /// One census for all tests.
    static let seed: UInt64 = 2026
    static let mixed = Census(seed: seed, cases: 20_000)
    static let large = Census(seed: seed, cases: 60, shape: .large)

    init(seed: UInt64, cases: UInt64, shape: CaseShape = .mixed) {
        var generator = CaseGenerator(seed: seed, shape: shape)
        var expectation = Expectation()
        var rules = EditRules()
        let reading = JumpReading()
        let current = ProgramBuffer()
        for index in 0..<cases {
            current.load(generator.begin(index: index))
            self.cases += 1
            planned += generator.isMadeToBeRefused ? 1 : 0
            for number in 1...generator.passCount {
                let input: ProgramImage<InputIndex> = current.image()
                if let fault = input.fault() { faults.append("index \(index), pass \(number): \(fault)") }
                let pass = generator.nextPass(for: input)
                expectation.compute(pass, on: input)
                let fault = PassCheck.fault(in: pass, on: input)
                if (fault != nil) != rules.isMalformed(pass, on: input, reading.table) {
                    faults.append("index \(index), pass \(number): the checks disagree, \(String(describing: fault))")
                }
                if let fault { self.rules[fault.rule, default: 0] += 1 } else { look(at: pass, input, expectation) }
                if number > 1 { counts[.secondPass, default: 0] += 1 }
                if expectation.status == .accepted {
                    expectation.program.exchangeContents(with: current)
                    continue
                }
                overflows += expectation.status == .erange ? 1 : 0
                refused += expectation.status == .einval ? 1 : 0
                if expectation.status == .einval && !generator.isMadeToBeRefused {
                    faults.append("index \(index), pass \(number): refused without having been made for it")
                }
                break
            }
        }
    }

    /// Indices that do not fit 8, 10 or 16 bits, and fields at such limits.
    private func lookAtSizes(_ pass: PassImage, _ input: ProgramImage<InputIndex>, _ seen: inout Set<Feature>) {
        if pass.editCount > 1024 { seen.insert(.manyEdits) }
        if input.subprogramCount > 256 { seen.insert(.manySubprograms) }
        if input.lineCount > 256 { seen.insert(.manyLines) }
        for number in 0..<pass.editCount where pass.edit(number).patchCount > 256 {
            seen.insert(.longPatch)
            let edit = pass.edit(number)
            let patch = pass.patch(of: edit)
            for slot in 0..<Int(edit.patchCount)
            where unsafe !edit.keeps(PatchIndex(slot)) && patch[PatchIndex(slot)].jumpKind.isJump {
                let isRef = pass.target(of: PatchIndex(slot), in: edit) != nil
                let offset = unsafe patch[PatchIndex(slot)].jumpOffset(patch[PatchIndex(slot)].jumpKind)
                if !isRef && slot + 1 + offset > 255 { seen.insert(.longPatchTarget) }
            }
        }
        let limits: Set<Int32> = [0x7fff, 0x8000, 0xffff, 0x10000, -0x8000, -0x8001, .max, .min]
        for slot in 0..<min(input.insnCount, 2000) {
            let insn = unsafe input.insns[InputIndex(slot)]
            if limits.contains(insn.imm) {
                seen.insert(insn.jumpKind == .none ? .immediateAtLimit : .jumpImmediateAtLimit)
            }
            if insn.jumpKind != .short && (insn.off == .max || insn.off == .min) { seen.insert(.offsetAtLimit) }
        }
        if input.insnCount <= 65536 { return }
        seen.insert(.huge)
        let last = input.subprogramCount - 1
        if unsafe last > 0 && input.subprograms[TableIndex(last)].start > 65535 { seen.insert(.hugeSubprogram) }
        if unsafe input.lineCount > 0 && input.lines[TableIndex(input.lineCount - 1)].insnOff > 65535 {
            seen.insert(.hugeLine)
        }
        for slot in 0..<input.insnCount {
            let insn = unsafe input.insns[InputIndex(slot)]
            let target = slot + 1 + insn.jumpOffset(insn.jumpKind)
            if insn.jumpKind != .none && slot < 65536 && target > 65535 { seen.insert(.hugeTarget) }
        }
    }

    private mutating func look(
        at pass: PassImage, _ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation
    ) {
        var seen: Set<Feature> = []
        var jumps: [(slot: Int, target: Int, isCall: Bool)] = []
        var longest = 0
        for slot in 0..<input.insnCount {
            let insn = unsafe input.insns[InputIndex(slot)]
            let kind = insn.jumpKind
            if kind == .none {
                if insn.code & 7 == 5 || insn.code & 7 == 6 { seen.insert(.decoy) }
                continue
            }
            let offset = insn.jumpOffset(kind)
            if kind == .short && abs(offset) > abs(longest) { longest = offset }
            jumps.append((slot, slot + 1 + offset, kind.isCall))
        }
        if input.insnCount > 32_000 && abs(longest) > 32_600 {
            switch expectation.status {
            case .accepted: far(expectation.program.image(), &seen)
            case .erange: seen.insert(longest > 0 ? .farForwardOverflows : .farBackwardOverflows)
            case .einval, .unusable: break
            }
        }
        var growth = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            growth += edit.growth
            if number > 0 && edit.off == pass.edit(number - 1).end { seen.insert(.sideBySide) }
            look(at: edit, pass, input, &seen)
            for jump in jumps { look(at: jump, edit, input, &seen) }
        }
        lookAtSizes(pass, input, &seen)
        if pass.editCount >= 100 { seen.insert(.hundreds) }
        if growth > 0 { seen.insert(.grows) }
        if growth < 0 { seen.insert(.shrinks) }
        for feature in seen { counts[feature, default: 0] += 1 }
    }

    /// True if the offset of a jump is at most four slots below the limit.
    private func far(_ result: ProgramImage<OutputIndex>, _ seen: inout Set<Feature>) {
        for slot in 0..<result.insnCount {
            let insn = unsafe result.insns[OutputIndex(slot)]
            if insn.jumpKind != .short { continue }
            if insn.off > 32_763 { seen.insert(.farForwardFits) }
            if insn.off < -32_764 { seen.insert(.farBackwardFits) }
        }
    }

    private func look(
        at edit: EditRecord, _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ seen: inout Set<Feature>
    ) {
        let off = edit.off.position
        if off == 0 { seen.insert(.atStart) }
        if off == input.insnCount {
            seen.insert(.append)
        } else if edit.remove == 0 {
            seen.insert(edit.skip ? .skip : .insertion)
        } else if edit.isDeletion {
            seen.insert(.deletion)
        } else if edit.keep != EditRecord.noKeep {
            seen.insert(.keep)
            if unsafe input.insns[edit.off].jumpKind != .none { seen.insert(.keptJump) }
        } else {
            unsafe seen.insert(Int(edit.remove) == input.insns[edit.off].width ? .patch : .replacement)
        }
        for number in 0..<input.subprogramCount {
            let start = unsafe Int(input.subprograms[TableIndex(number)].start)
            if start == off && number > 0 { seen.insert(.atSubprogram) }
            let isWhole = off <= start && input.end(of: TableIndex(number)) <= edit.end.position
            if isWhole && edit.isDeletion { seen.insert(.emptiesSubprogram) }
        }
        let patch = pass.patch(of: edit)
        for slot in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(slot)) {
            let index = PatchIndex(slot)
            let kind = unsafe patch[index].jumpKind
            if kind == .none { continue }
            if pass.target(of: index, in: edit) != nil {
                seen.insert(kind.isCall ? .callRef : .ref)
            } else if unsafe slot + 1 + patch[index].jumpOffset(kind) == Int(edit.patchCount) {
                seen.insert(.leaving)
            }
        }
    }

    private func look(
        at jump: (slot: Int, target: Int, isCall: Bool), _ edit: EditRecord, _ input: ProgramImage<InputIndex>,
        _ seen: inout Set<Feature>
    ) {
        let off = edit.off.position
        let target = jump.target
        if jump.isCall {
            if target == off { seen.insert(.callToEdit) }
            return
        }
        if jump.slot == off && target == off { seen.insert(.jumpToItself) }
        let isForward = target > jump.slot
        if target == off { seen.insert(isForward ? .forwardToFirst : .backwardToFirst) }
        if edit.remove > 1 && target == edit.end.position - 1 {
            seen.insert(isForward ? .forwardToLast : .backwardToLast)
        }
        if target == off - 1 { seen.insert(isForward ? .forwardToBefore : .backwardToBefore) }
        if edit.remove > 0 && target == edit.end.position {
            seen.insert(isForward ? .forwardToAfter : .backwardToAfter)
        }
    }
}
