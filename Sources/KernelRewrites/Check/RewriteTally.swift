import BPF
import Fuzzing
import Patching

/// Lists what the kernel did and counts it by borders.
struct RewriteTally: ~Copyable {
    private var markStorage = Scratch<UInt8>()
    private var eventStorage = Scratch<UInt32>()
    private var eventCount = 0

    /// Nothing was rewritten there; anything else is a rewrite's number.
    private static let plain = UInt8.max

    /// Fills the lists of a report.
    ///
    /// - Complexity: O(slots)
    mutating func count(
        _ input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        steps: UnsafeTypedBuffer<TableIndex, AlignmentStep>,
        stepCount: Int, jumps: UnsafeTypedBuffer<TableIndex, InputIndex>, jumpCount: Int,
        into report: inout RewriteReport
    ) {
        markStorage.reserve(input.insnCount + 1)
        let marks = markStorage.buffer(as: InputIndex.self)
        unsafe marks.fill(input.insnCount + 1, from: InputIndex(0), with: RewriteTally.plain)
        list(input, predictions, steps, stepCount, marks, &report)
        if report.applied.isEmpty { return }
        eventStorage.reserve(8 * (jumpCount + report.applied.count) + 8)
        eventCount = 0
        for applied in report.applied { countNeighbours(applied, input, marks) }
        for number in 0..<jumpCount { unsafe count(jumps[TableIndex(number)], input, marks) }
        let events = eventStorage.buffer(as: TableIndex.self)
        report.coverage.add((0..<eventCount).lazy.map { unsafe events[TableIndex($0)] })
    }

    /// Adds blinding to a report, whose slots are those of the result that is blinded.
    ///
    /// - Complexity: O(slots)
    mutating func count(_ unblinding: Unblinding, into report: inout RewriteReport) {
        let buffer = ProgramBuffer()
        // The instruction after the last one is read too.
        var program = unblinding.program
        program.insns.append(.zero)
        program.aux.append(0)
        if program.subprograms.isEmpty { program.subprograms = [Subprogram(start: 0, id: 0)] }
        buffer.load(program)
        buffer.insnCount -= 1
        let image = buffer.image(as: InputIndex.self)
        let fateStorage = Scratch<SlotPrediction>(capacity: image.insnCount + 1)
        unsafe fateStorage.buffer(as: InputIndex.self).fill(image.insnCount + 1, from: InputIndex(0), with: .stands)
        let steps = unblinding.steps
        let stepStorage = Scratch<AlignmentStep>(capacity: steps.count + 1)
        stepStorage.buffer(as: TableIndex.self).load(steps)
        let jumpStorage = Scratch<InputIndex>(capacity: image.insnCount + 1)
        var jumpCount = 0
        for number in 0..<image.insnCount where unsafe image.insns[InputIndex(number)].jumpKind != .none {
            unsafe jumpStorage.buffer(as: TableIndex.self)[TableIndex(jumpCount)] = InputIndex(number)
            jumpCount += 1
        }
        var blinded = RewriteReport()
        count(
            image, fateStorage.buffer(), steps: stepStorage.buffer(), stepCount: steps.count,
            jumps: jumpStorage.buffer(),
            jumpCount: jumpCount, into: &blinded)
        report.applied += blinded.applied
        report.coverage += blinded.coverage
    }

    /// Lists the rewrites in the order of the input and marks their slots.
    private func list(
        _ input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ steps: UnsafeTypedBuffer<TableIndex, AlignmentStep>,
        _ stepCount: Int, _ marks: UnsafeTypedBuffer<InputIndex, UInt8>, _ report: inout RewriteReport
    ) {
        var slot = 0
        var place: UInt32 = 0
        for number in 0...stepCount {
            let isEnd = number == stepCount
            let stop = unsafe isEnd ? input.insnCount : steps[TableIndex(number)].slot.position
            while slot < stop {
                let prediction = unsafe predictions[InputIndex(slot)].kind
                guard let rewrite = prediction.rewrite else {
                    slot += 1
                    place += 1
                    continue
                }
                var end = slot + 1
                while unsafe prediction == .dead && end < stop && predictions[InputIndex(end)].kind == .dead {
                    end += 1
                }
                note(rewrite, slot..<end, place..<place, marks, &report)
                slot = end
            }
            if isEnd { break }
            let step = unsafe steps[TableIndex(number)]
            let start = step.place.rawValue
            let range = start..<(start + UInt32(step.expansion.count))
            if step.kind == .rewritten && step.expansion.rewrite == .fastcall { continue }
            if step.kind != .opaque {
                note(step.expansion.rewrite, slot..<(slot + Int(step.width)), range, marks, &report)
            }
            slot = step.slot.position + Int(step.width)
            place = range.upperBound
        }
    }

    private func note(
        _ rewrite: Rewrite, _ slots: Range<Int>, _ result: Range<UInt32>, _ marks: UnsafeTypedBuffer<InputIndex, UInt8>,
        _ report: inout RewriteReport
    ) {
        report.applied.append(
            AppliedRewrite(rewrite, input: UInt32(slots.lowerBound)..<UInt32(slots.upperBound), result: result))
        unsafe marks.fill(slots.count, from: InputIndex(slots.lowerBound), with: UInt8(rewrite.number))
    }

    // MARK: Borders

    private mutating func event(_ rewrite: Int, _ border: RewriteBorder, _ course: JumpCourse) {
        unsafe eventStorage.buffer(as: TableIndex.self)[TableIndex(eventCount)] = UInt32(
            RewriteCoverage.number(rewrite, border.number, course.number))
        eventCount += 1
    }

    /// Counts a rewrite by itself, with its neighbour and its subprogram.
    private mutating func countNeighbours(
        _ applied: AppliedRewrite, _ input: ProgramImage<InputIndex>, _ marks: UnsafeTypedBuffer<InputIndex, UInt8>
    ) {
        let rewrite = applied.rewrite.number
        event(rewrite, .none, .none)
        // Only what stands for something has neighbours.
        if applied.input.isEmpty { return }
        let start = Int(applied.input.lowerBound)
        if unsafe start > 0 && marks[InputIndex(start - 1)] != RewriteTally.plain { event(rewrite, .adjacent, .none) }
        let home = input.subprogram(holding: InputIndex(start))
        if unsafe Int(input.subprograms[home].start) == start { event(rewrite, .subprogramStart, .none) }
        if input.end(of: home) == Int(applied.input.upperBound) { event(rewrite, .subprogramEnd, .none) }
    }

    /// Counts a jump or call at all rewrites that it meets.
    @inline(__always)
    private mutating func count(
        _ slot: InputIndex, _ input: ProgramImage<InputIndex>, _ marks: UnsafeTypedBuffer<InputIndex, UInt8>
    ) {
        let insn = unsafe input.insns[slot]
        let kind = insn.jumpKind
        let offset = insn.jumpOffset(kind)
        let target = InputIndex(slot.position + 1 + offset)
        let from = unsafe marks[slot]
        let first = unsafe marks[target]
        let behind = unsafe target.position > 0 ? marks[target + -1] : RewriteTally.plain
        let before = unsafe marks[target + input.insns[target].width]
        if from & first & behind & before == RewriteTally.plain { return }
        let course = insn.course(kind, offset)
        if from != RewriteTally.plain { event(Int(from), .from, course) }
        if first != RewriteTally.plain { event(Int(first), .first, course) }
        if behind != RewriteTally.plain { event(Int(behind), .behind, course) }
        if before != RewriteTally.plain { event(Int(before), .before, course) }
    }
}

extension SlotPrediction {
    /// The rewrite that removes it.
    var rewrite: Rewrite? {
        switch kind {
        case .dead: .deadCode
        case .nop: .nop
        case .fastcall: .fastcall
        default: nil
        }
    }
}

extension Instruction {
    /// What kind of jump it is, with its direction.
    func course(_ kind: JumpKind, _ offset: Int) -> JumpCourse {
        let isForward = offset >= 0
        switch kind {
        case .none: return .none
        case .long: return isForward ? .gotolForward : .gotolBackward
        case .call: return isForward ? .callForward : .callBackward
        case .function: return isForward ? .pseudoFunctionForward : .pseudoFunctionBackward
        case .short:
            switch code {
            case Opcode.ja: return isForward ? .jaForward : .jaBackward
            case Opcode.mayGoto: return isForward ? .mayGotoForward : .mayGotoBackward
            default:
                if code & Opcode.classMask == Opcode.jump32Class {
                    return isForward ? .conditional32Forward : .conditional32Backward
                }
                return isForward ? .conditionalForward : .conditionalBackward
            }
        }
    }

    /// What it is called in a bucket.
    var familyName: String {
        let classes = ["ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64"]
        return classes[Int(code & Opcode.classMask)]
    }
}
