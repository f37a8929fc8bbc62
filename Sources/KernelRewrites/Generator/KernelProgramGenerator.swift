import BPF
import Fuzzing
import KernelModel

/// Makes programs that the verifier accepts and that the kernel rewrites in many ways.
///
/// A program is a pure function of seed, profiles, facts and index.
package struct KernelProgramGenerator {
    private let seed: UInt64
    private let planner: ProgramPlanner
    private let liveness = Liveness()

    /// Makes a generator without the profiles that the kernel does not support: see ``ProgramProfile/missing(of:in:)``.
    package init(seed: UInt64, profiles: [ProgramProfile] = ProgramProfile.allCases, facts: KernelFacts) {
        self.seed = seed
        planner = ProgramPlanner(profiles: profiles, facts: facts)
    }

    /// Makes the program with an index.
    ///
    /// - Complexity: O(slots)
    package mutating func make(index: UInt64) -> GeneratedProgram {
        var draws = Draws(seed: seed, index: index)
        let (plan, profiles) = planner.plan(&draws)
        return write(plan, profiles, draws).program
    }

    /// Makes the same program as ``make(index:)``, and the choices that it is made from.
    package mutating func choices(index: UInt64) -> ProgramChoices {
        var draws = Draws(seed: seed, index: index)
        let (plan, profiles) = planner.plan(&draws)
        draws.record()
        return recorded(plan, profiles, draws)
    }

    /// Makes a program from choices. Those of the result fit it exactly.
    package mutating func make(_ choices: ProgramChoices) -> ProgramChoices {
        // The seed does not matter: there is a choice for each draw.
        var draws = Draws(seed: 0, index: 0)
        draws.replay(choices.draws)
        return recorded(choices.plan, choices.program.profiles, draws)
    }

    private func recorded(_ plan: ProgramPlan, _ profiles: Set<ProgramProfile>, _ draws: Draws) -> ProgramChoices {
        let (program, draws) = write(plan, profiles, draws)
        return ProgramChoices(plan: plan, draws: draws.recorded ?? RecordedChoices(), program: program)
    }

    private func write(
        _ plan: ProgramPlan, _ profiles: Set<ProgramProfile>, _ draws: Draws
    ) -> (program: GeneratedProgram, draws: Draws) {
        let room = plan.functions.reduce(64) { $0 + $1.slots + 24 }
        var draft = ProgramDraft(plan: plan, draws: draws, room: room)
        draft.writeProgram()
        let program = Program(insns: draft.insns, subprograms: draft.subprograms(), lines: draft.lines())
        let loadable = LoadableProgram(
            program: program, type: plan.traits.type, attachType: plan.traits.attachType,
            attachTarget: plan.traits.attachTarget, flags: plan.flags, privilege: plan.privilege,
            kernelFunctions: draft.kernelFunctions)
        let generated = GeneratedProgram(
            loadable: loadable, live: liveness.live(program, draft.verdicts), isRunnable: plan.isRunnable,
            profiles: profiles, verdicts: draft.verdicts)
        return (generated, draft.draws)
    }
}

extension ProgramDraft {
    /// The table of subprograms; an id is a number.
    func subprograms() -> [Subprogram] {
        starts.enumerated().map { Subprogram(start: UInt32($0.element), id: UInt32($0.offset)) }
    }

    /// Line records: one at the start of each subprogram, as the kernel requires, and others as the plan has them.
    mutating func lines() -> [LineRecord] {
        var lines: [LineRecord] = []
        if plan.lines == .none { return lines }
        lines.reserveCapacity(count)
        let isDrawn = plan.lines == .drawn
        let density = isDrawn ? 1 + draws.below(16) : 0
        var nextStart = 0
        var bits = isDrawn ? draws.bits() : nil
        for slot in 0..<count {
            let isStart = nextStart < starts.count && starts[nextStart] == slot
            if isStart { nextStart += 1 }
            if isDrawn && slot > 0 && slot & 15 == 0 { bits = draws.bits() }
            let isChosen = bits?.chance(density, of: 16) ?? (plan.lines == .all)
            // The second slot of a wide load has code 0, and no record.
            if isStart || insns[slot].code != 0 && isChosen {
                lines.append(LineRecord(insnOff: UInt32(slot), id: UInt32(lines.count)))
            }
        }
        return lines
    }
}
