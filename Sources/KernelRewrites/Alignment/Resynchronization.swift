import BPF
import Fuzzing
import Patching

/// Looks for the next place at which program and result go on together, and says what is between.
struct Resynchronization {
    let context: AlignmentContext
    let predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    let length: Int
    let slot: Int
    let place: Int

    /// How far is looked.
    private static let slots = 256
    private static let places = 512

    /// What there is between.
    enum Verdict {
        /// Instructions that are kept are not in the result.
        case missing
        /// Instructions that are removed are in the result.
        case left
        case unknown
    }

    /// Where program and result go on together, or both ends.
    func find() -> (slot: Int, place: Int, verdict: Verdict) {
        let lastSlot = min(context.count, slot + Resynchronization.slots)
        let lastPlace = min(length, place + Resynchronization.places)
        for sum in 0...(Resynchronization.slots + Resynchronization.places) {
            for slots in 0...sum {
                let at = (slot: slot + slots, place: place + sum - slots)
                if at.slot >= lastSlot || at.place > lastPlace || sum == 0 { continue }
                if !isTogether(at.slot, at.place) { continue }
                return (at.slot, at.place, verdict(at.slot, at.place))
            }
        }
        return (context.count, length, .unknown)
    }

    /// Whether two instructions in a row are as they were, one of them with a constant that others do not have, or four.
    private func isTogether(_ slot: Int, _ place: Int) -> Bool {
        var (at, found) = (InputIndex(slot), OutputIndex(place))
        var isMarked = false
        var equal = 0
        while equal < 2 || (equal < 4 && !isMarked) {
            if at.position >= context.count { return equal > 0 && isMarked && found.position == length }
            if unsafe predictions[at].isRemoved {
                // The place is that of the first one that is kept.
                if equal == 0 { return false }
                at = at + 1
                continue
            }
            if found.position >= length { return false }
            let insn = unsafe context.insns[at]
            if unsafe at.position > 0 && context.insns[at + -1].isWide { return false }
            guard let way = context.next(0, for: at, at: found, predictions),
                way.expansion.isItself || way.expansion.rewrite == .rndHi32
            else { return false }
            let isConstant = unsafe insn.bits == context.result[found].bits && insn.jumpKind == .none
            isMarked = isMarked || (isConstant && (insn.imm > 255 || insn.imm < -255)) || insn.code == Opcode.exit
            equal += 1
            at = at + insn.width
            found = found + Int(way.expansion.count)
        }
        return true
    }

    private func verdict(_ slotThen: Int, _ placeThen: Int) -> Verdict {
        if placeThen == place && slotThen > slot { return .missing }
        if slotThen != slot { return .unknown }
        // What was removed right in front, as it was, or as the jump that it became.
        var first = slot
        while unsafe first > 0 && predictions[InputIndex(first - 1)].isRemoved { first -= 1 }
        for start in first..<max(slot, first) {
            var (at, found) = (start, place)
            while at < slot && found < placeThen && isSame(InputIndex(at), OutputIndex(found)) {
                at += 1
                found += 1
            }
            if found == placeThen { return .left }
        }
        return .unknown
    }

    /// Whether a removed slot stands there, perhaps with another offset.
    private func isSame(_ slot: InputIndex, _ place: OutputIndex) -> Bool {
        let (insn, found) = unsafe (context.insns[slot], context.result[place])
        if found.code == Opcode.ja && (insn.isShortJump) { return true }
        return (insn.bits ^ found.bits) & insn.fieldsBesideOffset == 0
    }

    /// Adds what was found to a report: a finding where it is clear, else a gap.
    func report(_ end: (slot: Int, place: Int, verdict: Verdict), to report: inout RewriteReport) {
        let insns = context.insns
        let index = min(slot, context.count - 1)
        switch end.verdict {
        case .missing:
            report.lengthChange += end.slot - slot
            report.findings.append(
                finding(
                    "missing",
                    unsafe "live slots \(slot)..<\(end.slot) of the program are not in the result, first "
                        + "\(insns[InputIndex(index)])"))
        case .left:
            report.lengthChange -= end.place - place
            report.findings.append(
                finding("left", unsafe "\(context.result[OutputIndex(place)]), which must be removed, is in the result")
            )
        case .unknown:
            report.gaps.append(
                AlignmentGap(
                    reason: "not understood", slot: slot, place: place,
                    expected: (slot..<min(context.count, slot + 8)).map { unsafe insns[InputIndex($0)] },
                    found: (place..<min(length, place + 24)).map { unsafe context.result[OutputIndex($0)] }))
        }
    }

    private func finding(_ edit: String, _ detail: String) -> Finding {
        let insn = unsafe context.insns[InputIndex(min(slot, context.count - 1))]
        return Finding(
            target: Finding.kernelTarget, rule: .layout, insn: insn.familyName, edit: edit, pass: 0, place: place,
            detail: detail)
    }
}
