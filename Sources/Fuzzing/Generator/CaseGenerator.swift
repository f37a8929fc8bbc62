import BPF
import Patching

/// Makes cases, each a pure function of a seed and an index, or of a byte string.
///
/// A case is made step by step, because each pass is made for what the pass before it gave: ``begin(index:)`` makes the
/// program, ``nextPass(for:)`` a pass for the program as it stands.
///
/// Made once and reused for the whole run.
package struct CaseGenerator: ~Copyable {
    private let seed: UInt64
    private let shape: CaseShape
    private let bases: [ProgramBuffer]
    private let workloads: [Workload]
    private let limits: [CaseLimits]
    /// Which of the limits the case is made within.
    private var turn = 0
    private var draws = Draws(seed: 0, index: 0)
    private var features = CaseFeatures()
    private var maker = SlotMaker(marker: 0)
    private var programs: ProgramGenerator
    private var farPrograms = FarProgramGenerator()
    private var passes = PassGenerator()
    private let programBuffer = ProgramBuffer()
    private let passBuffer = PassBuffer()
    private var passNumber = 0
    /// True if the case edits a real program, which stays as it is.
    private var isOfBase = false
    /// What the case's passes are made by, or `nil` for random passes.
    private var workload: Workload?
    private var planter = WorkloadSeeder()
    private var workloadPasses = WorkloadGenerator()
    private var choice = EditChoice.all

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; when there are any, every other case edits one of them
    ///   - workloads: what takes turns, case by case, in making passes; when there are none, passes are random
    ///   - limits: what passes may demand; several take turns, case by case, and what is within one differs from what is
    ///     within another
    package init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        limits: [CaseLimits] = [CaseLimits()]
    ) {
        precondition(!limits.isEmpty, "cases without limits have empty limits")
        self.seed = seed
        self.shape = shape
        self.workloads = workloads
        self.limits = limits
        programs = ProgramGenerator(kernels: limits.map(\.kernel))
        self.bases = bases.map { program in
            let buffer = ProgramBuffer()
            buffer.load(program)
            return buffer
        }
    }

    /// How many passes the case has, if none is refused before.
    package var passCount: Int { workload?.passCount ?? features.passes }

    /// Whether the case is made to be refused.
    package var isMadeToBeRefused: Bool { workload == nil && features.refusal != .none }

    /// Makes the program of a case; valid until the next case.
    ///
    /// - Complexity: O(slots)
    package mutating func begin(index: UInt64) -> ProgramImage<InputIndex> {
        workload = workloads.isEmpty ? nil : workloads[Int(index % UInt64(workloads.count))]
        // All workloads have their turn within one of the limits before the next, so that each meets each.
        turn = Int(index / UInt64(max(workloads.count, 1)) % UInt64(limits.count))
        return make(Draws(seed: seed, index: index))
    }

    /// Makes the program of a case in a buffer, whose contents are lost.
    ///
    /// - Complexity: O(slots)
    mutating func begin(index: UInt64, into buffer: ProgramBuffer) {
        let program = begin(index: index)
        if isOfBase { buffer.load(program) } else { buffer.exchangeContents(with: programBuffer) }
    }

    /// Makes the program of the case that some draws make; valid until the next case.
    ///
    /// - Complexity: O(slots)
    package mutating func begin(_ source: Draws) -> ProgramImage<InputIndex> {
        var source = source
        workload = workloads.isEmpty ? nil : workloads[source.below(workloads.count)]
        turn = limits.count > 1 ? source.below(limits.count) : 0
        return make(source)
    }

    private mutating func make(_ source: Draws) -> ProgramImage<InputIndex> {
        draws = source
        features = CaseFeatures.draw(shape, &draws)
        if workload == nil { features.keep(within: limits[turn]) }
        // Room for what some workloads look for: several instructions in a row.
        if workload != nil && shape == .mixed && !features.isFar { features.insns += 8 }
        maker = SlotMaker(marker: 1001)
        passNumber = 0
        programs.begin(features, turn: turn, &draws)
        isOfBase = !bases.isEmpty && draws.chance(1, of: 2)
        if isOfBase {
            // Of two, the shorter: large programs are few cases but much time.
            let one = bases[draws.below(bases.count)]
            let other = bases[draws.below(bases.count)]
            let base = one.insnCount <= other.insnCount ? one : other
            features.edits = 1 + draws.below(min(24, base.insnCount))
            maker.marker = 1_000_000
            chooseEdits(of: base.insnCount)
            return base.image()
        }
        if features.isFar {
            farPrograms.generate(features, &maker, &draws, into: programBuffer)
        } else {
            programs.generate(features, &maker, &draws, into: programBuffer)
        }
        if let workload { planter.plant(workload, in: programBuffer, &maker, &draws) }
        chooseEdits(of: programBuffer.insnCount)
        return programBuffer.image()
    }

    /// Decides how many of a workload's edits are made in a program of so many slots: mostly all.
    private mutating func chooseEdits(of slots: Int) {
        if workload == nil { return }
        var bits = draws.bits()
        var chance = bits.chance(1, of: 4) ? bits.below(EditChoice.whole) : EditChoice.whole
        // With an edit at every slot of a large program, a design that goes through all slots for each takes seconds; and
        // of the jumps that just fit, none would after a hundred edits.
        let work = features.isFar ? 4_194_304 >> bits.below(8) : 4_194_304
        if slots * slots > work { chance = min(chance, max(1, work * EditChoice.whole / (slots * slots))) }
        choice = EditChoice(chance: chance, Draws(seed: draws.number(), index: 0))
    }

    /// Makes the next pass of the case; valid until the one after it.
    ///
    /// - Parameter input: what the pass before it gave, or the program
    /// - Complexity: O(slots + edits²) for few edits, O(slots + edits) for many
    package mutating func nextPass(for input: ProgramImage<InputIndex>) -> PassImage {
        passNumber += 1
        if let workload {
            workloadPasses.makePass(
                passNumber - 1, of: workload, for: input, &choice, &maker.marker, into: passBuffer)
            keepAllowedEdits(input)
            return passBuffer.image
        }
        let isLast = passNumber == features.passes
        passes.generate(
            features, for: input, isChecked: features.refusal != .dangling, patterns: programs.chosen, &maker, &draws,
            into: passBuffer)
        if isLast && features.refusal == .malformed { makeMalformed(input) }
        return passBuffer.image
    }

    /// Takes the edits out of a workload's pass that go beyond the limits, unless all of them do.
    ///
    /// A pass that would be left empty shows nothing: it is left whole for the patchers that can do it.
    ///
    /// - Complexity: O(edits)
    private func keepAllowedEdits(_ input: ProgramImage<InputIndex>) {
        let limits = limits[turn]
        if limits.allowsAllEdits { return }
        let edits = passBuffer.image.edits
        if (0..<passBuffer.editCount).allSatisfy({ unsafe !limits.allow(edits[TableIndex($0)], in: input) }) { return }
        passBuffer.removeEdits { !limits.allow($0, in: input) }
    }

    /// Breaks a rule that the last edit of the pass has something to break on.
    private mutating func makeMalformed(_ input: ProgramImage<InputIndex>) {
        let rules = MalformedEdit.Rule.allCases
        if passBuffer.editCount == 0 { passBuffer.addEdit(off: InputIndex(0), remove: 0) }
        for _ in 0..<20 {
            let malformer = InvalidEditGenerator(input: input, pass: passBuffer.image)
            if malformer.breakRule(rules[draws.below(rules.count)], in: passBuffer, &draws) { return }
        }
        passBuffer.addEdit(off: InputIndex(rawValue: UInt32(input.insnCount) + 1), remove: 0)
    }
}
