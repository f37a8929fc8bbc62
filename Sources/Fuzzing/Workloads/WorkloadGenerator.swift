import BPF
import Patching

/// Makes the passes of workloads.
///
/// Made once and reused for the whole run: a pass allocates nothing after the buffers have grown.
package struct WorkloadGenerator: ~Copyable {
    private var context = ContextRegisters()
    private var reads = SixtyFourBitUses()
    private var reach = Reachability()
    private var fastcall = FastcallRemoval()

    /// The first marker of passes outside of a campaign.
    private static let firstMarker: Int32 = 1_000_000

    /// Makes a generator with its own workspace.
    package init() {}

    /// Fills a buffer with all edits of one pass; deterministic.
    ///
    /// The pass is well formed and acceptable, unless an offset does not fit.
    ///
    /// - Parameters:
    ///   - number: the number of the pass, from 0
    ///   - input: a well-formed program: the result of the pass before
    /// - Complexity: O(slots × log subprograms)
    package mutating func makePass(
        _ number: Int, of workload: Workload, for input: ProgramImage<InputIndex>, into buffer: PassBuffer
    ) {
        var choice = EditChoice.all
        var marker = WorkloadGenerator.firstMarker &* Int32(number + 1)
        makePass(number, of: workload, for: input, &choice, &marker, into: buffer)
    }

    /// Fills a buffer with the chosen edits of one pass.
    ///
    /// - Complexity: O(slots × log subprograms)
    mutating func makePass(
        _ number: Int, of workload: Workload, for input: ProgramImage<InputIndex>, _ choice: inout EditChoice,
        _ marker: inout Int32, into buffer: PassBuffer
    ) {
        var draft = WorkloadDraft(for: input, into: buffer, choice, marker: marker)
        switch workload.step(number) {
        case .blinding: ConstantBlinding.write(&draft)
        case .contextAccess:
            context.load(input)
            ContextAccess.write(&draft, context)
        case .helperInlining: HelperInlining.write(&draft)
        case .zeroExtension:
            reads.load(input)
            ZeroExtension.write(&draft, reads)
        case .randomUpperHalves:
            reads.load(input)
            RandomUpperHalves.write(&draft, reads)
        case .divisionGuards: DivisionGuards.write(&draft)
        case .mayGoto: MayGotoExpansion.write(&draft)
        case .mayGotoCounters: MayGotoExpansion.writeCounters(&draft)
        case .loopInlining: LoopInlining.write(&draft)
        case .deadCode: DeadCode.write(&draft, &reach)
        case .nops: NopRemoval.write(&draft)
        case .fastcall: fastcall.write(&draft)
        case .fixups: WorkloadGenerator.writeFixups(&draft)
        case .spillsAndFills: SpillsAndFills.write(&draft)
        case .exactLoops: LoopExpansion.write(&draft)
        case .sanitizing: Sanitizing.write(&draft, &reach)
        case .hardWiring: HardWiring.write(&draft, &reach)
        case .upperHalves:
            reads.load(input)
            UpperHalves.write(&draft, reads)
        case .exactBlinding:
            if ConstantBlinding.isBlindable(input) {
                ConstantBlinding.write(&draft, .kernel(extends: input.insnCount % 2 == 0))
            }
        case .exactNops: NopRemoval.writeExact(&draft)
        }
        choice = draft.choice
        marker = draft.marker
    }

    /// Helpers, divisions and `may_goto` in one pass.
    private static func writeFixups(_ draft: inout WorkloadDraft) {
        var inlining = HelperInlining()
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            inlining.rewrite(slot, hasNext: walk.hasNext, &draft)
            DivisionGuards.rewrite(slot, hasNext: walk.hasNext, &draft)
            MayGotoExpansion.rewrite(slot, &draft)
        }
    }
}
