import BPF
import Patching
import TestSupport
import Testing

/// `InstructionPatcher` compared with ``PatcherModel`` on random edits of random programs.
struct InstructionPatcherModelTests {
    /// One patcher and its model under the same edits.
    struct Run {
        var numbers: SeededNumbers
        var marker = 1
        let patcher: InstructionPatcher
        var model: PatcherModel
        /// The slot after the instruction that `next()` returned last.
        var walked = 0
        /// The accepted edits.
        var edits: [Step] = []
        /// True if only edits are made whose order does not change the result.
        let isOrderless: Bool

        typealias Step = (InstructionPatcher) throws(PatchingError) -> Void

        init(seed: UInt64, isOrderless: Bool = false) throws {
            self.isOrderless = isOrderless
            numbers = SeededNumbers(seed: seed)
            let program = Program.random(upTo: 14, &numbers, marker: &marker)
            patcher = try InstructionPatcher(program)
            model = PatcherModel(program)
        }
    }

    @Test(arguments: [UInt64](0..<40)) func patcherAgreesWithTheModel(_ block: UInt64) throws {
        for number in 0..<60 {
            let seed = block * 60 + UInt64(number)
            var run = try Run(seed: seed)
            for _ in 0...run.numbers.below(12) {
                try run.step(Comment("seed \(seed)"))
            }
            run.finish(Comment("seed \(seed)"))
        }
    }

    /// Edits in one pass have the result of the same edits in one pass each, unless either is refused. `skip` and appended
    /// code are excluded.
    @Test(arguments: [UInt64](0..<20)) func onePassEqualsManyPasses(_ block: UInt64) throws {
        var compared = 0
        for number in 0..<100 {
            let seed = block * 100 + UInt64(number)
            var run = try Run(seed: seed, isOrderless: true)
            let single = try InstructionPatcher(run.model.original)
            for _ in 0...run.numbers.below(6) { run.edit(Comment("seed \(seed)")) }
            guard let merged = try? run.patcher.finish() else { continue }
            do {
                for edit in run.edits {
                    try edit(single)
                    try single.commit()
                }
                #expect(try single.finish() == merged, Comment("seed \(seed)"))
                #expect(single.passCount == run.edits.count)
                #expect(run.patcher.passCount <= single.passCount)
                compared += 1
            } catch {
                #expect(error == .refused(pass: single.passCount), Comment("seed \(seed)"))
            }
        }
        #expect(compared > 30)
    }
}

extension InstructionPatcherModelTests.Run {
    mutating func step(_ comment: Comment) throws {
        switch numbers.below(12) {
        case 0...2: walk(comment)
        case 3 where numbers.oneIn(3): commit(comment)
        case 4 where numbers.oneIn(4): try beginPhase(comment)
        default: edit(comment)
        }
        checkIndices(comment)
    }

    // MARK: Steps

    private mutating func walk(_ comment: Comment) {
        let starts = Marked.starts(model.original.insns)
        let expected = starts.first { $0 >= walked && model.survives($0) }
        let insn = patcher.next()
        #expect(insn?.originalIndex.position == expected, comment)
        walked = model.original.insns.count
        guard let insn, let expected else { return }
        walked = expected + insn.width
        let original = model.original
        let isWide = original.insns[expected].isWide
        #expect(insn.insn == original.insns[expected], comment)
        #expect(insn.secondSlot == (isWide ? original.insns[expected + 1] : nil), comment)
        #expect(insn.aux == original.aux[expected], comment)
        #expect(insn.secondAux == (isWide ? original.aux[expected + 1] : nil), comment)
        #expect(insn.subprogram == original.subprograms.last { $0.start <= expected }, comment)
        let current = patcher.currentIndex(of: insn.originalIndex)
        #expect(insn.currentIndex == current, comment)
    }

    private mutating func commit(_ comment: Comment) {
        let error = error { () throws(PatchingError) in try patcher.commit() }
        let expected = model.commit()
        #expect(error == expected, comment)
    }

    private mutating func beginPhase(_ comment: Comment) throws {
        let error = error { () throws(PatchingError) in try patcher.beginPhase() }
        let expected = model.beginPhase()
        #expect(error == expected, comment)
        if expected == nil { walked = 0 }
    }

    /// The error that a call throws, or `nil`.
    private func error(_ call: () throws(PatchingError) -> Void) -> PatchingError? {
        do { try call() } catch { return error }
        return nil
    }

    mutating func edit(_ comment: Comment) {
        let (request, step) = randomEdit()
        let expected = model.take(request)
        let error = error { () throws(PatchingError) in try step(patcher) }
        #expect(error == expected, comment)
        if expected == nil { edits.append(step) }
    }

    /// The same edit for the model and for the patcher.
    private mutating func randomEdit() -> (PatcherModel.Request, Step) {
        let count = model.original.insns.count
        let start = numbers.pick(Marked.starts(model.original.insns))
        let width = model.original.insns[start].width
        let index = InputIndex(start)
        var request = PatcherModel.Request(off: index, remove: width)
        switch numbers.below(isOrderless ? 9 : 10) {
        case 0...2:
            let pieces = pieces(isKeeping: false)
            let skip = !isOrderless && numbers.oneIn(3)
            let outermost = numbers.oneIn(3)
            let off = !isOrderless && numbers.oneIn(8) ? InputIndex(count) : index
            request = PatcherModel.Request(off: off, remove: 0, pieces: pieces, skip: skip, outermost: outermost)
            return (
                request,
                { patcher throws(PatchingError) in
                    try patcher.insert(Self.patch(pieces), before: off, skip: skip, outermost: outermost)
                }
            )
        case 3:
            let pieces = pieces(isKeeping: false)
            request.pieces = [.kept] + Self.shifted(pieces)
            return (request, { patcher throws(PatchingError) in try patcher.insert(Self.patch(pieces), after: index) })
        case 4...5:
            let pieces = pieces(isKeeping: numbers.oneIn(2))
            request.pieces = pieces
            return (request, { patcher throws(PatchingError) in try patcher.replace(index, with: Self.patch(pieces)) })
        case 6:
            return (request, { patcher throws(PatchingError) in try patcher.delete(index) })
        case 7...8:
            // A range may also split a wide load or begin where another subprogram does.
            let end = InputIndex(min(count, start + 1 + numbers.below(4)))
            request.remove = end - index
            if numbers.oneIn(2) {
                return (request, { patcher throws(PatchingError) in try patcher.delete(index..<end) })
            }
            let pieces = pieces(isKeeping: false)
            request.pieces = pieces
            return (
                request, { patcher throws(PatchingError) in try patcher.replace(index..<end, with: Self.patch(pieces)) }
            )
        default:
            let pieces = pieces(isKeeping: false)
            request = PatcherModel.Request(off: InputIndex(count), remove: 0, pieces: pieces)
            return (request, { patcher throws(PatchingError) in try patcher.append(Self.patch(pieces)) })
        }
    }

    // MARK: Patches

    private mutating func pieces(isKeeping: Bool) -> [PatcherModel.Piece] {
        let count = 1 + numbers.below(3)
        let kept = isKeeping ? numbers.below(count) : count
        return (0..<count).map { number in
            if number == kept { return .kept }
            let (code, src) = numbers.pick(Program.kinds)
            let insns = Marked.insn(code, src: src, marker)
            marker += 1
            switch insns[0].jumpKind {
            case .none: return .plain(insns)
            case .call, .function:
                return .reach(insns, InputIndex(rawValue: numbers.pick(model.original.subprograms).start))
            case .short, .long:
                if numbers.oneIn(2) { return .jump(insns[0], to: numbers.below(count + 1)) }
                let target =
                    numbers.oneIn(20) ? model.original.insns.count : numbers.pick(Marked.starts(model.original.insns))
                return .reach(insns, InputIndex(target))
            }
        }
    }

    /// Pieces with their jumps moved by one piece.
    private static func shifted(_ pieces: [PatcherModel.Piece]) -> [PatcherModel.Piece] {
        pieces.map { if case .jump(let insn, let to) = $0 { .jump(insn, to: to + 1) } else { $0 } }
    }

    private static func patch(_ pieces: [PatcherModel.Piece]) -> Patch {
        var patch = Patch()
        let labels = pieces.map { _ in patch.makeLabel() }
        for (number, piece) in pieces.enumerated() {
            patch.place(labels[number])
            switch piece {
            case .plain(let insns): for insn in insns { patch.add(insn) }
            case .kept: patch.addKept()
            case .jump(let insn, let to): patch.add(insn, to: to == pieces.count ? .end : .label(labels[to]))
            case .reach(let insns, let to):
                patch.add(insns[0], to: .instruction(to))
                for insn in insns.dropFirst() { patch.add(insn) }
            }
        }
        return patch
    }

    // MARK: Checks

    /// Compares the indices of all instructions with the model.
    private func checkIndices(_ comment: Comment) {
        let outcome = model.outcome()
        if outcome.error != nil { return }
        #expect(patcher.currentCount == outcome.program.insns.count, comment)
        for slot in Marked.starts(model.original.insns) {
            let expected =
                model.survives(slot)
                ? Marked.find(Marked.marker(model.original.insns, at: slot), in: outcome.program) : nil
            #expect(patcher.currentIndex(of: InputIndex(slot))?.position == expected, comment)
        }
    }

    mutating func finish(_ comment: Comment) {
        let outcome = model.outcome()
        var program: Program?
        let error = error { () throws(PatchingError) in program = try patcher.finish() }
        #expect(error == outcome.error, comment)
        if outcome.error != nil { return }
        #expect(program == outcome.program, comment)
        checkIndices(comment)
        for (slot, landing) in outcome.landings.enumerated() {
            #expect(patcher.landing(of: InputIndex(slot))?.position == landing, comment)
        }
    }
}
