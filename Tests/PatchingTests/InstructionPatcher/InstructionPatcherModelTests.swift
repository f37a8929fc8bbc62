import BPF
import Patching
import Testing

/// Random edits of random programs, against ``PatcherModel``.
struct InstructionPatcherModelTests {
    /// One patcher and its model under the same edits.
    struct Run {
        var numbers: SeededNumbers
        var marker = 1
        let patcher: InstructionPatcher
        var model: PatcherModel
        /// The slot behind the instruction that was handed out last.
        var walked = 0
        var edits = 0

        init(seed: UInt64) throws {
            numbers = SeededNumbers(state: seed)
            let program = Program.random(upTo: 14, &numbers, marker: &marker)
            patcher = try InstructionPatcher(program)
            model = PatcherModel(program)
        }
    }

    @Test(arguments: [UInt64](0..<40)) func patcherAgreesWithTheModel(_ block: UInt64) throws {
        for number in 0..<250 {
            let seed = block * 250 + UInt64(number)
            var run = try Run(seed: seed)
            for _ in 0...run.numbers.below(12) {
                try run.step(Comment("seed \(seed)"))
            }
            run.finish(Comment("seed \(seed)"))
        }
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
        let expected = starts.first { $0 >= walked && model.stands($0) }
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

    /// The error of a call, if any.
    private func error(_ call: () throws(PatchingError) -> Void) -> PatchingError? {
        do { try call() } catch { return error }
        return nil
    }

    private mutating func edit(_ comment: Comment) {
        let count = model.original.insns.count
        let starts = Marked.starts(model.original.insns)
        let start = numbers.pick(starts)
        let width = model.original.insns[start].width
        let index = InputIndex(start)
        let error: PatchingError?
        let expected: PatchingError?
        switch numbers.below(10) {
        case 0...2:
            var request = PatcherModel.Request(off: index, remove: 0, pieces: pieces(isKeeping: false))
            request.skip = numbers.oneIn(3)
            request.outermost = numbers.oneIn(3)
            if numbers.oneIn(8) { request.off = InputIndex(count) }
            expected = model.take(request)
            error = self.error { () throws(PatchingError) in
                try patcher.insert(
                    Self.patch(request.pieces), before: request.off, skip: request.skip, outermost: request.outermost)
            }
        case 3:
            let request = PatcherModel.Request(off: InputIndex(count), remove: 0, pieces: pieces(isKeeping: false))
            expected = model.take(request)
            error = self.error { () throws(PatchingError) in try patcher.append(Self.patch(request.pieces)) }
        case 4:
            let pieces = pieces(isKeeping: false)
            expected = model.take(
                PatcherModel.Request(off: index, remove: width, pieces: [.kept] + Self.shifted(pieces)))
            error = self.error { () throws(PatchingError) in try patcher.insert(Self.patch(pieces), after: index) }
        case 5...6:
            let pieces = pieces(isKeeping: numbers.oneIn(2))
            expected = model.take(PatcherModel.Request(off: index, remove: width, pieces: pieces))
            error = self.error { () throws(PatchingError) in try patcher.replace(index, with: Self.patch(pieces)) }
        case 7:
            expected = model.take(PatcherModel.Request(off: index, remove: width))
            error = self.error { () throws(PatchingError) in try patcher.delete(index) }
        default:
            // A range may also split a wide load or begin where another subprogram does.
            let end = min(count, start + 1 + numbers.below(4))
            let pieces = numbers.oneIn(2) ? [] : pieces(isKeeping: false)
            expected = model.take(PatcherModel.Request(off: index, remove: end - start, pieces: pieces))
            error = self.error { () throws(PatchingError) in
                if pieces.isEmpty {
                    try patcher.delete(index..<InputIndex(end))
                } else {
                    try patcher.replace(index..<InputIndex(end), with: Self.patch(pieces))
                }
            }
        }
        edits += expected == nil ? 1 : 0
        #expect(error == expected, comment)
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

    /// Pieces that stand one further on.
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

    // MARK: What must hold

    /// Every instruction is where the patcher says it is.
    private func checkIndices(_ comment: Comment) {
        let outcome = model.outcome()
        if outcome.error != nil { return }
        #expect(patcher.currentCount == outcome.program.insns.count, comment)
        for slot in Marked.starts(model.original.insns) {
            let expected =
                model.stands(slot)
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
