import BPF
import Patching

/// A slow model of ``InstructionPatcher``.
///
/// Every commit starts from the original program. Instructions are found by their markers. Landings follow the rules of
/// SEMANTICS word by word.
struct PatcherModel {
    /// One slot or instruction of a patch.
    enum Piece {
        case plain([Instruction])
        case kept
        /// A jump to a piece of the patch; the number after the last piece leaves the patch.
        case jump(Instruction, to: Int)
        /// A jump or call to the program.
        case reach([Instruction], InputIndex)
    }

    /// An edit as the caller requests it.
    struct Request {
        var off: InputIndex
        var remove: Int
        var pieces: [Piece] = []
        var skip = false
        var outermost = false
    }

    /// An accepted edit.
    private struct AcceptedEdit {
        var request: Request
        var pass: Int
        /// The instruction that an outermost insertion precedes.
        var front: Int?
    }

    /// The result of the edits so far.
    struct Outcome {
        var program: Program
        var error: PatchingError?
        /// The landing of jumps to each slot of the original, and the start of the appended code.
        var landings: [Int?]
    }

    private(set) var original: Program
    private var taken: [AcceptedEdit] = []
    /// The number of committed edits.
    private var committed = 0
    private var passesBefore = 0
    /// The error of an earlier commit.
    private var failure: PatchingError?

    init(_ program: Program) { original = program }

    // MARK: Edits

    /// The edit of a request, before its indices are translated.
    func edit(_ request: Request) -> Edit {
        let width = request.remove == 2 ? 2 : 1
        var slots: [Int] = []
        var count = 0
        for piece in request.pieces {
            slots.append(count)
            switch piece {
            case .plain(let insns), .reach(let insns, _): count += insns.count
            case .kept: count += width
            case .jump: count += 1
            }
        }
        slots.append(count)
        var edit = Edit(off: request.off, remove: UInt32(request.remove), skip: request.skip)
        for (number, piece) in request.pieces.enumerated() {
            switch piece {
            case .plain(let insns): edit.patch += insns
            case .kept:
                edit.keep = PatchIndex(slots[number])
                edit.patch += Array(repeating: .zero, count: width)
            case .jump(var insn, let to):
                _ = insn.setJumpOffset(slots[to] - slots[number] - 1, insn.jumpKind)
                edit.patch.append(insn)
            case .reach(let insns, let to):
                edit.refs.append(Ref(from: PatchIndex(slots[number]), to: to))
                edit.patch += insns
            }
        }
        return edit
    }

    /// Accepts an edit, or returns the reason to refuse it.
    mutating func take(_ request: Request) -> PatchingError? {
        let input = ProgramBuffer()
        input.load(original)
        let pass = PassBuffer()
        pass.load(Pass(edits: [edit(request)]))
        if var fault = PassCheck.fault(in: pass.image, on: input.image()) {
            fault.edit = taken.count
            return .malformed(fault)
        }
        if request.remove == 0 {
            if currentMarker(for: request.off.position) == nil && request.off.position < original.insns.count {
                return .removed(request.off)
            }
        } else {
            for slot in names(request) where !survives(slot) { return .removed(InputIndex(slot)) }
        }
        let rivals = taken.filter { names($0.request).overlaps(names(request)) }
        let number = max(committedPasses, rivals.map(\.pass).max() ?? 0) + 1
        taken.append(
            .init(request: request, pass: number, front: request.outermost ? front(of: request.off.position) : nil))
        return nil
    }

    /// The slots that a request names.
    private func names(_ request: Request) -> Range<Int> {
        request.off.position..<(request.off.position + max(request.remove, 1))
    }

    private var committedPasses: Int { taken.prefix(committed).map(\.pass).max() ?? 0 }

    /// True if no edit has removed a slot of the original.
    func survives(_ slot: Int) -> Bool {
        !taken.contains { taken in
            let isKept = taken.request.pieces.contains { if case .kept = $0 { true } else { false } }
            return taken.request.remove > 0 && !isKept && names(taken.request).contains(slot)
        }
    }

    /// The marker of the instruction at a slot of the original, or of the first one of the patch that has replaced it.
    private func currentMarker(for slot: Int) -> Int? {
        if slot == original.insns.count { return nil }
        if survives(slot) { return Marked.marker(original.insns, at: slot) }
        let last = taken.last { $0.request.remove > 0 && names($0.request).contains(slot) }!
        return last.request.off.position == slot ? last.request.pieces.first.map(marker) : nil
    }

    private func marker(_ piece: Piece) -> Int {
        switch piece {
        case .plain(let insns), .reach(let insns, _): Marked.marker(insns, at: 0)
        case .jump(let insn, _): Marked.marker([insn], at: 0)
        case .kept: preconditionFailure("the kept instruction has the marker of the original")
        }
    }

    /// The marker of the first instruction that edits inserted before an instruction or the end.
    private func front(of slot: Int) -> Int? {
        var front: Int?
        for taken in taken where taken.request.off.position == slot {
            let pieces = taken.request.pieces
            if taken.request.remove == 0 {
                if front == nil || taken.request.outermost { front = marker(pieces[0]) }
            } else if front == nil, pieces.count > 0, case .kept = pieces[0] {
                continue
            } else if front == nil, pieces.contains(where: { if case .kept = $0 { true } else { false } }) {
                front = marker(pieces[0])
            }
        }
        return front
    }

    /// Applies the edits so far, or returns the error.
    mutating func commit() -> PatchingError? {
        failure = outcome().error
        committed = taken.count
        return failure
    }

    /// Makes the result of the edits so far the new original, or returns the error.
    mutating func beginPhase() -> PatchingError? {
        let outcome = outcome()
        failure = outcome.error
        if failure != nil { return failure }
        passesBefore += taken.map(\.pass).max() ?? 0
        original = outcome.program
        taken = []
        committed = 0
        return nil
    }

    // MARK: Passes

    /// Applies all edits so far, pass by pass.
    func outcome() -> Outcome {
        var outcome = Outcome(
            program: original,
            landings: (0...original.insns.count).map { slot in
                slot > 0 && original.insns[slot - 1].isWide ? nil : slot
            })
        outcome.error = failure
        if failure != nil { return outcome }
        for number in 1..<((taken.map(\.pass).max() ?? 0) + 1) {
            let refused = PatchingError.refused(pass: passesBefore + number - 1)
            var pass = Pass()
            for taken in taken where taken.pass == number {
                guard let edit = translated(taken, outcome) else {
                    outcome.error = refused
                    return outcome
                }
                pass.edits.append(edit)
            }
            pass.edits.sort { $0.off < $1.off }
            let (status, program) = PatcherModel.apply(pass, to: outcome.program)
            if status != .accepted {
                outcome.error = status == .einval ? refused : .outOfRange(pass: passesBefore + number - 1)
                return outcome
            }
            let input = outcome.program
            outcome.landings = outcome.landings.map { slot in
                slot.flatMap { PatcherModel.landing(of: $0, pass, home: Marked.home(of: $0, in: input), input) }
            }
            outcome.program = program
        }
        return outcome
    }

    /// Applies a pass with a design that `InstructionPatcher` does not use.
    private static func apply(_ pass: Pass, to program: Program) -> (PatchStatus, Program) {
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let buffer = PassBuffer()
        input.load(program)
        buffer.load(pass)
        let fault = PassCheck.fault(in: buffer.image, on: input.image())
        precondition(fault == nil, "\(fault!)")
        let status = DeltaArray().apply(buffer.image, to: input.image(), into: output)
        return (status, status == .accepted ? Program(output.image(as: OutputIndex.self)) : program)
    }

    /// An edit with indices into the result of the earlier passes; `nil` if a ref has no target there.
    private func translated(_ taken: AcceptedEdit, _ outcome: Outcome) -> Edit? {
        let request = taken.request
        let program = outcome.program
        var edit = edit(request)
        let before = taken.front ?? currentMarker(before: taken)
        edit.off = InputIndex(before.map { Marked.find($0, in: program)! } ?? program.insns.count)
        if request.remove > 0 {
            let last = Marked.starts(original.insns).last { $0 < request.off.position + request.remove }!
            let place = Marked.find(Marked.marker(original.insns, at: last), in: program)!
            edit.remove = UInt32(place + program.insns[place].width - edit.off.position)
        }
        for number in edit.refs.indices {
            let to = edit.refs[number].to.position
            if edit.patch[edit.refs[number].from.position].jumpKind.isCall {
                let id = original.subprograms.first { $0.start == to }!.id
                guard let callee = program.subprograms.first(where: { $0.id == id }) else { return nil }
                edit.refs[number].to = InputIndex(rawValue: callee.start)
            } else {
                guard to < original.insns.count, let landing = outcome.landings[to] else { return nil }
                edit.refs[number].to = InputIndex(landing)
            }
        }
        return edit
    }

    /// The marker that the index of an edit named when the edit was made.
    private func currentMarker(before taken: AcceptedEdit) -> Int? {
        var earlier = self
        earlier.taken = self.taken.filter { $0.pass < taken.pass }
        return earlier.currentMarker(for: taken.request.off.position)
    }

    /// The landing of a jump to a slot of the input, by SEMANTICS, "Where a jump to input index `t` lands".
    private static func landing(
        of t: Int, _ pass: Pass, home: Range<Int>, _ input: Program, isOuter: Bool = true
    ) -> Int? {
        let place = pass.edits.filter { $0.off.position < t }.reduce(t) { $0 + $1.patch.count - Int($1.remove) }
        // No jump lands at the end, but appended code starts there.
        if t == input.insns.count && isOuter { return place }
        // 1
        guard home.contains(t), t == 0 || !input.insns[t - 1].isWide else { return nil }
        // 2
        if let insertion = pass.edits.first(where: { $0.off.position == t && $0.remove == 0 }) {
            return place + (insertion.skip ? insertion.patch.count : 0)
        }
        // 4
        let edit = pass.edits.first { $0.off.position <= t && t < $0.off.position + Int($0.remove) }
        guard let edit else { return place }
        // 3 and 5
        if !edit.patch.isEmpty { return edit.off.position == t ? place : nil }
        // 6
        return landing(of: edit.off.position + Int(edit.remove), pass, home: home, input, isOuter: false)
    }
}
