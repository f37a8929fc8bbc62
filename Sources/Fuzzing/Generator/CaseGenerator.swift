import BPF
import Patching

/// Generates cases, each a pure function of a seed and an index, or of a byte string.
///
/// A case is generated step by step, since each pass is for the result of the pass before: ``begin(index:)`` makes the
/// program, ``nextPass(for:)`` a pass for the current program.
///
/// Made once and reused for the whole run.
package struct CaseGenerator: ~Copyable {
    private let seed: UInt64
    private let shape: CaseShape
    private let bases: [ProgramBuffer]
    private let workloads: [Workload]
    private let limits: [CaseLimits]
    /// The index in `limits` for the current case.
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
    /// True if the program of the case is one of `bases`, unchanged, and not in `programBuffer`.
    private var isOfBase = false
    /// The workload of the case's passes, or `nil` for random passes.
    private var workload: Workload?
    private var planter = WorkloadSeeder()
    private var workloadPasses = WorkloadGenerator()
    private var choice = EditChoice.all

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; if there are any, every other case edits one of them
    ///   - workloads: the sources of passes, cycled by case index; without any, passes are random
    ///   - limits: the limits of passes, cycled by case index
    package init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        limits: [CaseLimits] = [CaseLimits()]
    ) {
        precondition(!limits.isEmpty, "there must be limits, if only empty ones")
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

    /// The number of passes of the case, if none is refused.
    package var passCount: Int { workload?.passCount ?? features.passes }

    /// True if the case is generated to be refused.
    package var isMadeToBeRefused: Bool { workload == nil && features.refusal != .none }

    /// Makes the program of a case; valid until the next case.
    ///
    /// - Complexity: O(slots)
    package mutating func begin(index: UInt64) -> ProgramImage<InputIndex> {
        takeTurn(index)
        return make(Draws(seed: seed, index: index))
    }

    /// The same, and writes the draws as a byte string; see ``written``.
    ///
    /// - Complexity: O(slots)
    mutating func beginWriting(index: UInt64) -> ProgramImage<InputIndex> {
        takeTurn(index)
        var first: [(value: Int, bound: Int)] = []
        if !workloads.isEmpty { first.append((Int(index % UInt64(workloads.count)), workloads.count)) }
        if limits.count > 1 { first.append((turn, limits.count)) }
        return make(Draws(writing: seed, index: index, after: first))
    }

    /// The draws since ``beginWriting(index:)``: ``begin(_:)`` makes the same case from them.
    var written: [UInt8] { draws.written }

    /// Chooses the workload and the limits of a case.
    private mutating func takeTurn(_ index: UInt64) {
        workload = workloads.isEmpty ? nil : workloads[Int(index % UInt64(workloads.count))]
        // The next limits follow after a cycle of all workloads, so that all combinations occur.
        turn = Int(index / UInt64(max(workloads.count, 1)) % UInt64(limits.count))
    }

    /// Makes the program of a case and replaces the contents of a buffer by it.
    ///
    /// - Complexity: O(slots)
    mutating func begin(index: UInt64, into buffer: ProgramBuffer) {
        let program = begin(index: index)
        if isOfBase { buffer.load(program) } else { buffer.exchangeContents(with: programBuffer) }
    }

    /// Makes the program of a case from draws; valid until the next case.
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
        // Room for the sequences of instructions that some workloads rewrite.
        if workload != nil && shape == .mixed && !features.isFar { features.insns += 8 }
        maker = SlotMaker(marker: 1001, isAtLimits: features.isAtLimits)
        passNumber = 0
        programs.begin(turn: turn, &draws)
        isOfBase = !bases.isEmpty && draws.chance(1, of: 2)
        if isOfBase {
            // The shorter of two: large programs take much time.
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

    /// Chooses the share of a workload's edits to make in a program of a given size: mostly all.
    private mutating func chooseEdits(of slots: Int) {
        if workload == nil { return }
        var bits = draws.bits()
        var chance = bits.chance(1, of: 4) ? bits.below(EditChoice.whole) : EditChoice.whole
        // With an edit at every slot of a large program, a quadratic design takes seconds. And after a hundred edits,
        // no jump at the limit would fit any more.
        let work = features.isFar ? 4_194_304 >> bits.below(8) : 4_194_304
        if slots * slots > work { chance = min(chance, max(1, work * EditChoice.whole / (slots * slots))) }
        choice = EditChoice(chance: chance, Draws(seed: draws.number(), index: 0))
    }

    /// Makes the next pass of the case; valid until the next call.
    ///
    /// - Parameter input: the result of the last pass, or the program
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

    /// Removes the edits of a workload's pass that exceed the limits, unless all of them do.
    ///
    /// An empty pass would test nothing, so the pass is left whole for the patchers that support it.
    ///
    /// - Complexity: O(edits)
    private func keepAllowedEdits(_ input: ProgramImage<InputIndex>) {
        let limits = limits[turn]
        if limits.allowsAllEdits { return }
        let edits = passBuffer.image.edits
        if (0..<passBuffer.editCount).allSatisfy({ unsafe !limits.allow(edits[TableIndex($0)], in: input) }) { return }
        passBuffer.removeEdits { !limits.allow($0, in: input) }
    }

    /// Breaks a rule that applies to the last edit of the pass.
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
