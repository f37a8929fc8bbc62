import BPF
import KernelModel
import Testing

@testable import Fuzzing
@testable import KernelRewrites

/// The reducers of choices, each alone and all together, with a judge that looks for something in the program.
@Suite struct ChoiceReducerTests {
    /// Finds a fault in each program with a property.
    private final class PropertyJudge: CaseJudge {
        let names = [Finding.kernelTarget]
        let isFaulty: (Program) -> Bool
        init(_ isFaulty: @escaping (Program) -> Bool) { self.isFaulty = isFaulty }

        static let finding = Finding(
            target: Finding.kernelTarget, rule: .encoding, insn: "alu64", edit: "none", pass: 0, place: 0, detail: "")

        func findings(of c: Case, against target: String?) -> [Finding] { isFaulty(c.program) ? [Self.finding] : [] }
    }

    /// The choices and the sizes of a program before and after some reducers, and the number of candidates that were run.
    private struct Outcome {
        var before: Case
        var after: Case
        var runs: Int
    }

    private static func minimize(
        _ index: UInt64, _ profiles: [ProgramProfile], _ names: [String]? = nil,
        while isFaulty: @escaping (Program) -> Bool
    ) -> Outcome? {
        var generator = KernelProgramGenerator(seed: 17, profiles: profiles, facts: .whole)
        let choices = generator.choices(index: index)
        if !isFaulty(choices.program.loadable.program) { return nil }
        let reduction = ChoiceReduction(choices, generator)
        let c = Case(choices.program.loadable)
        let minimization = Minimization(
            c, goal: .bucket(PropertyJudge.finding.bucket), judge: PropertyJudge(isFaulty), target: nil,
            limit: MinimizerLimit())
        guard minimization.runOriginal() else { return nil }
        minimization.run(reduction.reducers.filter { names?.contains($0.name) ?? true })
        #expect(isFaulty(minimization.best.program), "index \(index)")
        #expect(minimization.best.loading?.kernelFunctions == reduction.smallest.program.loadable.kernelFunctions)
        #expect(minimization.best.program == reduction.smallest.program.loadable.program, "index \(index)")
        #expect(
            minimization.best.liveSlots == reduction.smallest.program.live || minimization.best == c, "index \(index)")
        return Outcome(before: c, after: minimization.best, runs: minimization.runs)
    }

    private static func isDivision(_ insn: Instruction) -> Bool { insn.code == 0x3f || insn.code == 0x9f }

    /// Something that a program has.
    struct Property: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isThere: @Sendable (Program) -> Bool
    }

    static let properties = [
        Property(testDescription: "a division") { program in program.insns.contains { isDivision($0) } },
        Property(testDescription: "may_goto backward") {
            $0.insns.contains { $0.code == Opcode.mayGoto && $0.off < 0 }
        },
        Property(testDescription: "a call over a division") { program in
            program.insns.indices.contains { slot in
                let insn = program.insns[slot]
                let target = min(slot + 1 + Int(insn.imm), program.insns.count)
                return insn.jumpKind == .call && target > slot
                    && program.insns[slot..<target].contains { isDivision($0) }
            }
        },
        Property(testDescription: "three subprograms") { $0.subprograms.count >= 3 },
    ]

    /// All of them together leave little beside what is needed, with few candidates.
    @Test(arguments: properties) func allTogether(_ property: Property) {
        var (before, after, runs, count) = (0, 0, 0, 0)
        for index in 0..<60 as Range<UInt64> {
            guard
                let outcome = Self.minimize(index, [.division, .mayGoto, .calls, .deadCode], while: property.isThere)
            else { continue }
            count += 1
            before += outcome.before.program.insns.count
            after += outcome.after.program.insns.count
            runs += outcome.runs
            #expect(outcome.after.program.fault() == nil, "index \(index)")
        }
        #expect(count >= 10, "\(count)")
        // The start and the end of a function have nine slots.
        #expect(after <= 35 * count && after * 3 < before, "\(before) became \(after), in \(count) programs")
        #expect(runs <= 60 * count, "\(runs) candidates for \(count) programs")
    }

    /// Each reducer does what no other does.
    @Test(arguments: ["lines", "functions", "spans", "draws"]) func each(_ name: String) {
        var (before, after, count) = (0, 0, 0)
        let profiles: [ProgramProfile] = [.division, .calls, .mayGoto]
        for index in 0..<60 as Range<UInt64> {
            guard
                let outcome = Self.minimize(
                    index, profiles, [name], while: { $0.insns.contains(where: Self.isDivision) })
            else { continue }
            let (old, new) = (outcome.before.program, outcome.after.program)
            switch name {
            case "lines":
                if old.lines.isEmpty { continue }
                #expect(new.lines.isEmpty && new.insns == old.insns, "index \(index)")
            case "functions":
                if old.subprograms.count < 2 { continue }
                before += old.subprograms.count
                after += new.subprograms.count
            default:
                before += old.insns.count
                after += new.insns.count
            }
            count += 1
        }
        #expect(count >= 20)
        switch name {
        case "functions": #expect(after * 2 < before, "\(before) became \(after)")
        case "spans": #expect(after * 3 < before * 2, "\(before) became \(after)")
        case "draws": #expect(after < before, "\(before) became \(after)")
        default: break
        }
    }

    /// Line records that are needed stay with their instructions.
    @Test func neededLinesStay() {
        for index in 0..<40 as Range<UInt64> {
            let outcome = Self.minimize(index, [.division]) { program in
                let lines = Set(program.lines.map { Int($0.insnOff) })
                return program.insns.indices.contains { Self.isDivision(program.insns[$0]) && lines.contains($0) }
            }
            guard let outcome else { continue }
            #expect(outcome.after.program.insns.count <= 30, "index \(index)")
        }
    }
}
