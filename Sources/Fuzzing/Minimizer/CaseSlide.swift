import BPF
import Patching

/// Makes a minimized case of one bucket smaller still, across the borders of buckets, as long as the same target is
/// wrong.
///
/// One cause may break several kinds of jumps, edits and borders, which are separate buckets. Two buckets belong
/// together if a case of one can be simplified into a case of the other. A case that needs another ingredient to fail
/// stays in its bucket.
///
/// Deterministic for a deterministic target: the result depends on the case only.
package struct CaseSlide {
    /// The end of a slide.
    package struct Result {
        /// The smallest case.
        package var smallest: Case
        /// The bucket of the smallest case.
        package var bucket: String
        /// The number of candidates that were run.
        package var candidates: Int
        /// True if the limit ended the slide early, so that another try may slide further.
        package var isInterrupted: Bool
    }

    private let reducers: [any Reducer] = [
        // First, since its success leaves the others little to do.
        SymptomSlide(),
        PassReducer(), TableReducer(), SubprogramReducer(), EditReducer(), PlainReducer(), SlotReducer(),
        PatchReducer(),
        EditFormReducer(), FieldReducer(), EditSlide(), JumpSlide(),
    ]

    /// The most candidates of a short program that are run.
    package static let most = 3000
    /// The most candidates of a long program that are run.
    package static let mostOfLong = 200

    private let judge: any CaseJudge
    private let limit: MinimizerLimit

    package init(_ judge: any CaseJudge, limit: MinimizerLimit = MinimizerLimit()) {
        self.judge = judge
        self.limit = limit
    }

    /// Slides a minimized case; returns `nil` if it cannot slide.
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
            measure: Self.measure)
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

    // MARK: Size

    /// The size of a case on its slide: first as a reader sees it, then by how common its instructions are.
    ///
    /// - Complexity: O(slots)
    private static func measure(_ c: Case, _ size: CaseSize) -> [Int] {
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
            insn.code == Opcode.movImmediate64 ? 0 : insn.code == SymptomSlide.loadCode ? 1 : 2
        case .short: insn.code == Opcode.ja ? 1 : insn.code == Opcode.mayGoto ? 2 : 3
        case .long: 4
        case .call: 5
        case .function: 6
        }
    }
}
