import BPF
import Patching

/// Makes a minimized case of one bucket smaller still, across the borders of buckets, as long as the same target is wrong.
///
/// Buckets tell apart what one cause may have brought about: the kinds of jumps, edits and borders that it breaks. A case that
/// slides from its own bucket into another shows that both break by the same small step, so they belong together. Whatever
/// needs another ingredient to break stays where it is.
///
/// Deterministic: a function of the case, as far as the target is.
package struct CaseSlide {
    /// The end of a slide.
    package struct Result {
        /// The smallest case.
        package var smallest: Case
        /// The bucket that it is in.
        package var bucket: String
        /// How many candidates were run.
        package var candidates: Int
        /// True if the limit ended it early, so that another try may slide further.
        package var isInterrupted: Bool
    }

    private let reducers: [any Reducer] = [
        // First, since what it takes leaves the others little to do.
        SymptomSlide(),
        PassReducer(), TableReducer(), SubprogramReducer(), EditReducer(), PlainReducer(), SlotReducer(),
        PatchReducer(),
        EditFormReducer(), FieldReducer(), EditSlide(), JumpSlide(),
    ]

    /// How many candidates are run, of short programs and of long ones.
    package static let most = 3000
    package static let mostOfLong = 200

    private let judge: any CaseJudge
    private let limit: MinimizerLimit

    package init(_ judge: any CaseJudge, limit: MinimizerLimit = MinimizerLimit()) {
        self.judge = judge
        self.limit = limit
    }

    /// Slides a minimized case; `nil` when it cannot slide.
    package func slide(_ c: Case, from text: String) -> Result? {
        guard let bucket = Bucket(text), bucket.canSlide, judge.names.contains(bucket.target) else { return nil }
        var original = c
        original.expected = nil
        original.report = nil
        original.sentence = nil
        original.detail = nil
        let goal = Minimization.Goal.anyResult(of: bucket.target, isBeyondContract: bucket.isBeyondContract)
        let findings = judge.findings(of: original, against: bucket.target)
        guard let first = findings.first(where: { $0.bucket == text }) ?? findings.first(where: goal.isMet) else {
            return nil
        }
        let start = Minimization(
            original, goal: goal, judge: judge, target: bucket.target, limit: limit(for: original),
            measure: SlideSize.measure)
        start.bestFinding = first
        start.run(reducers)
        let found = start.bestFinding?.bucket ?? text
        return Result(
            smallest: Minimizer.finish(start.best, found, judge), bucket: found, candidates: start.runs,
            isInterrupted: limit.isLate())
    }

    private func limit(for c: Case) -> MinimizerLimit {
        var limit = limit
        limit.candidates = min(limit.candidates, c.program.insns.count > 4096 ? Self.mostOfLong : Self.most)
        return limit
    }
}

/// How far a case has slid: first as large as a reader finds it, then how common its instructions are.
enum SlideSize {
    /// - Complexity: O(slots)
    static func measure(_ c: Case, _ size: CaseSize) -> [Int] {
        var (jumps, rank) = (0, 0)
        for edit in c.passes.flatMap(\.edits) {
            for insn in edit.patch where insn.jumpKind != .none { jumps += 1 }
            for insn in edit.patch { rank += self.rank(insn) }
        }
        for insn in c.program.insns { rank += self.rank(insn) }
        return [
            size.passes, size.edits, size.insns + size.patchInsns, jumps, size.tables, rank, size.insns, size.detail,
            size.markers,
        ]
    }

    /// 0 for the plainest instruction and up; jumps are plainer than calls, and calls than loads of addresses.
    static func rank(_ insn: Instruction) -> Int {
        switch insn.jumpKind {
        case .none:
            insn.code == Opcode.movImmediate64 ? 0 : insn.code == SymptomSlide.plainCode ? 1 : 2
        case .short: insn.code == Opcode.ja ? 1 : insn.code == Opcode.mayGoto ? 2 : 3
        case .long: 4
        case .call: 5
        case .function: 6
        }
    }
}

/// Moves edits to where others find theirs: into an insertion, to the front, or to the target of a jump.
struct EditSlide: Reducer {
    let name = "edit slide"

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices { slide(minimization, pass, edit) }
        }
    }

    private func slide(_ minimization: Minimization, _ pass: Int, _ number: Int) {
        func attempt(_ change: (inout Edit) -> Void) -> Bool {
            minimization.attempt { change(&$0.passes[pass].edits[number]) }
        }
        var edit: Edit { minimization.best.passes[pass].edits[number] }
        if edit.keep != nil {
            _ = attempt { edit in
                guard let keep = edit.keep else { return }
                let kept = keep.position..<keep.position + Int(min(edit.remove, 2))
                edit.keep = nil
                edit = edit.removing(patchSlots: kept.clamped(to: 0..<edit.patch.count))
                edit.remove = 0
            }
        }
        if edit.keep != nil && pass == 0 { moveKeptJump(minimization, number) }
        _ = attempt {
            $0.skip = false
            $0.remove = 0
        }
        var places = [0, Int(edit.off.rawValue) - 1]
        if pass == 0 {
            for (slot, insn) in minimization.best.program.insns.enumerated() where insn.jumpKind != .none {
                places += [slot + 1 + insn.jumpOffset(insn.jumpKind), slot]
            }
        }
        for place in places where place >= 0 && place != edit.off.position {
            _ = attempt {
                $0.off = InputIndex(place)
                if $0.patch.count > 0 { $0.remove = 0 }
            }
        }
    }
}

extension EditSlide {
    /// Turns a jump that a patch keeps into one of an insertion, which reaches the same instruction.
    private func moveKeptJump(_ minimization: Minimization, _ number: Int) {
        let place = minimization.best.passes[0].edits[number].off
        guard place.position < minimization.best.program.insns.count else { return }
        var jump = minimization.best.program.insns[place.position]
        let kind = jump.jumpKind
        let target = place.position + 1 + jump.jumpOffset(kind)
        if kind == .none || jump.isWide || target < 0 { return }
        _ = jump.setJumpOffset(0, kind)
        _ = minimization.attempt { c in
            c.program.insns[place.position] = Instruction(
                code: Opcode.movImmediate64, imm: Int32(place.position + 1))
            c.passes[0].edits[number] = Edit(
                off: place, remove: 0, patch: [jump], refs: [Ref(from: PatchIndex(0), to: InputIndex(target))])
        }
    }
}

/// Turns jumps into those of other kinds and other roles: calls into jumps, and jumps of patches into jumps of the program.
struct JumpSlide: Reducer {
    let name = "jump slide"

    func minimize(_ minimization: Minimization) {
        for slot in minimization.best.program.insns.indices { simplify(minimization, slot) }
        guard minimization.best.passes.count == 1 else { return }
        for edit in minimization.best.passes[0].edits.indices {
            var slot = 0
            while slot < minimization.best.passes[0].edits[edit].patch.count {
                simplify(minimization, edit, slot)
                release(minimization, edit, slot)
                slot += 1
            }
        }
    }

    /// The plainer instructions that lead to the same place, or fill the same slot.
    private func plainer(than insn: Instruction) -> [Instruction] {
        let kind = insn.jumpKind
        if kind == .none { return [] }
        let offset = insn.jumpOffset(kind)
        let marker = kind == .short ? insn.imm : Int32(insn.off)
        var found: [Instruction] = []
        if let short = Int16(exactly: offset) {
            found = [Opcode.ja, Opcode.mayGoto, 0x15].map { Instruction(code: $0, off: short, imm: marker) }
        }
        if kind == .function {
            found.append(Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: insn.off, imm: Int32(offset)))
        }
        return found.filter { SlideSize.rank($0) < SlideSize.rank(insn) }
    }

    private func simplify(_ minimization: Minimization, _ slot: Int) {
        guard slot < minimization.best.program.insns.count else { return }
        let insn = minimization.best.program.insns[slot]
        if insn.code == 0 {
            _ = minimization.attempt {
                $0.program.insns[slot] = Instruction(code: Opcode.movImmediate64, imm: Int32(slot + 1))
            }
        }
        let target = slot + 1 + insn.jumpOffset(insn.jumpKind)
        if insn.isWide && slot + 1 < minimization.best.program.insns.count {
            _ = minimization.attempt { c in
                for place in [slot, slot + 1] {
                    c.program.insns[place] = Instruction(code: Opcode.movImmediate64, imm: Int32(place + 1))
                }
            }
        }
        for candidate in plainer(than: insn) {
            func change(_ c: inout Case) {
                c.program.insns[slot] = candidate
                if !insn.isWide { return }
                c.program.insns[slot + 1] = Instruction(code: Opcode.movImmediate64)
                if c.passes.isEmpty { return }
                c.passes[0].edits = c.passes[0].edits.map { $0.off.position == slot ? $0.keepingFirstSlot : $0 }
            }
            if minimization.attempt(change) { return }
            // A jump stays in its subprogram, which may then be all of the program.
            if insn.jumpKind.isCall && !candidate.jumpKind.isCall {
                let isTaken = minimization.attempt { c in
                    change(&c)
                    c.program.subprograms.removeAll { Int($0.start) == target && target > 0 }
                }
                if isTaken { return }
            }
        }
    }

    /// Makes a jump of a patch plainer.
    private func simplify(_ minimization: Minimization, _ edit: Int, _ slot: Int) {
        let patch = minimization.best.passes[0].edits[edit].patch
        let insn = patch[slot]
        if insn.isWide && slot + 1 < patch.count {
            _ = minimization.attempt { c in
                for place in [slot, slot + 1] {
                    c.passes[0].edits[edit].patch[place] = Instruction(
                        code: Opcode.movImmediate64, imm: Int32(100 + place))
                }
            }
        }
        for candidate in plainer(than: insn) {
            let isTaken = minimization.attempt { c in
                c.passes[0].edits[edit].patch[slot] = candidate
                if insn.isWide {
                    c.passes[0].edits[edit].patch[slot + 1] = Instruction(code: Opcode.movImmediate64)
                }
            }
            if isTaken { return }
        }
    }

    /// Lets an instruction of the program jump in the place of one of a patch.
    private func release(_ minimization: Minimization, _ number: Int, _ slot: Int) {
        let edit = minimization.best.passes[0].edits[number]
        guard slot < edit.patch.count else { return }
        let insn = edit.patch[slot]
        let kind = insn.jumpKind
        if kind == .none || kind == .function { return }
        let target: Int
        if let ref = edit.refs.first(where: { $0.from.position == slot }) {
            target = ref.to.position
        } else {
            let isLeaving = slot + 1 + insn.jumpOffset(kind) == edit.patch.count
            target = isLeaving ? edit.off.position + Int(edit.remove) : edit.off.position
        }
        let count = minimization.best.program.insns.count
        let end = edit.off.position + Int(edit.remove)
        for place in [end, edit.off.position - 1, count - 1] where place >= 0 && place < count {
            if minimization.best.program.insns[place].jumpKind != .none { continue }
            var jump = insn
            guard jump.setJumpOffset(target - place - 1, kind) else { continue }
            for keepsLength in [false, true] {
                let isTaken = minimization.attempt { c in
                    c.program.insns[place] = jump
                    if keepsLength {
                        c.passes[0].edits[number].refs.removeAll { $0.from.position == slot }
                        c.passes[0].edits[number].patch[slot] = Instruction(
                            code: Opcode.movImmediate64, imm: Int32(100 + slot))
                    } else {
                        c.passes[0].edits[number] = edit.removing(patchSlots: slot..<slot + 1)
                    }
                }
                if isTaken { return }
            }
        }
    }
}

extension Edit {
    /// The same edit where what it keeps has become one slot wide: the second is no part of it any more.
    fileprivate var keepingFirstSlot: Edit {
        guard let keep, remove == 2, keep.position + 1 < patch.count else { return self }
        var copy = self
        copy.remove = 1
        copy.patch[keep.position + 1] = Instruction(code: Opcode.movImmediate64, imm: Int32(100 + keep.position + 1))
        return copy
    }
}

/// Tries the smallest cases in which an offset can be wrong: across or to an edit at the start, backward or else forward.
///
/// For a jump of a kind that keeps its offset although it must not, and for an instruction that has an offset by mistake. That
/// says enough of the cause to leave the direction and the edit aside; no other symptom is taken for an answer.
struct SymptomSlide: Reducer {
    let name = "symptom slide"

    /// The code that replaces those without an offset, beside that of a move: a load from memory.
    static let plainCode: UInt8 = 0x61
    private static let plain = [Instruction(code: Opcode.movImmediate64), Instruction(code: plainCode)]

    func minimize(_ minimization: Minimization) {
        guard let finding = minimization.bestFinding, minimization.best.passes.count == 1 else {
            return
        }
        let insns = minimization.best.program.insns + minimization.best.passes[0].edits.flatMap(\.patch)
        let jumps = insns.filter { $0.jumpKind != .none }
        // A jump that keeps its offset even there explains whatever else is wrong with a jump of its kind.
        for jump in jumps { attempt(minimization, jump) { $0.hasUnchangedOffset } }
        for jump in jumps { attemptForward(minimization, jump) { $0.hasUnchangedOffset } }
        if finding.ignoresSkip { for jump in jumps { attempt(minimization, jump) { $0.ignoresSkip } } }
        switch finding.rule {
        case .layout where !jumps.isEmpty:
            // Another field than its offset has changed, so that the jump is taken for one of another kind.
            attempt(minimization, Instruction(code: Opcode.ja)) { $0.rule == .layout || $0.hasUnchangedOffset }
            for jump in jumps where jump.jumpKind == .short {
                var both = jump
                both.imm = -2
                attempt(minimization, both) { $0.rule == .layout }
            }
            for insn in Self.plain { attempt(minimization, insn) { $0.rule == .encoding } }
        case .encoding:
            let others = insns.filter {
                $0.jumpKind == .none && $0.code != 0 && $0.code != Opcode.movImmediate64
            }
            for insn in others + Self.plain { attempt(minimization, insn) { $0.rule == .encoding } }
        default: break
        }
    }

    private func attempt(_ minimization: Minimization, _ insn: Instruction, _ accepts: (Finding) -> Bool) {
        let plain = Instruction(code: Opcode.movImmediate64, imm: 1)
        // Across a deletion, and to the place of an insertion that jumps skip, which the kernel does by another function.
        let edits = [
            Edit(off: InputIndex(0), remove: 1), Edit(off: InputIndex(0), remove: 0, patch: [plain], skip: true),
        ]
        for edit in edits {
            var backward = insn
            if insn.jumpKind == .none {
                // An offset by mistake is looked at where the instruction has come to.
                backward.off = edit.skip ? -3 : -2
            } else {
                _ = backward.setJumpOffset(-2, insn.jumpKind)
            }
            _ = minimization.attempt(where: accepts) { c in
                c.program = Program(insns: [plain, backward] + (insn.isWide ? [Instruction(code: 0)] : []))
                c.passes = [Pass(edits: [edit])]
            }
        }
    }
}

extension SymptomSlide {
    /// Tries a jump from the start across an edit, to the slot that follows the one edited.
    private func attemptForward(
        _ minimization: Minimization, _ insn: Instruction, _ accepts: (Finding) -> Bool
    ) {
        let plain = Instruction(code: Opcode.movImmediate64, imm: 1)
        let width = insn.isWide ? 2 : 1
        var forward = insn
        guard forward.setJumpOffset(width, insn.jumpKind) else { return }
        let insns = [forward] + (insn.isWide ? [Instruction(code: 0)] : []) + [plain, plain]
        // What calls go to is a subprogram.
        let starts = insn.jumpKind.isCall ? [0, UInt32(width + 1)] : [0]
        let subprograms = starts.enumerated().map { Subprogram(start: $1, id: UInt32($0)) }
        let edits = [
            Edit(off: InputIndex(width), remove: 1),
            Edit(off: InputIndex(width), remove: 0, patch: [plain], skip: true),
        ]
        for edit in edits {
            _ = minimization.attempt(where: accepts) { c in
                c.program = Program(insns: insns, subprograms: subprograms)
                c.passes = [Pass(edits: [edit])]
            }
        }
    }
}

extension Finding {
    /// True if a jump has kept its offset although it must not.
    fileprivate var hasUnchangedOffset: Bool { sentence.contains(FindingFact.unchangedOffset) }

    /// True if a jump enters an insertion that jumps skip.
    fileprivate var ignoresSkip: Bool {
        sentence.contains(EditKind.insertSkip.phrase) && sentence.contains(FindingFact.Site.first.rawValue)
    }
}
