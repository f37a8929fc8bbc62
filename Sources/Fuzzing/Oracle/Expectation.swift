import BPF
import Patching

/// What a pass must give, worked out from the rules alone.
///
/// Every input slot is given a landing by one sweep forward over the edits and one backward over what they delete; the
/// expected row of instructions, each found again by its marker, is then written with each jump on the landing of its
/// target. With the patchers it shares the form of programs and passes (``BPF``, ``Patching/PassImage``) and nothing that
/// decides: which field is an offset, what is malformed, where things land, how tables move and what a ref names are worked
/// out here a second time.
///
/// - Source: SEMANTICS
package struct Expectation: ~Copyable {
    /// Why a pass is refused.
    package enum Refusal: String, Sendable {
        case malformed
        /// Nothing stands for the target of a jump, or a patch leaves its subprogram.
        case dangling
        /// Nothing stands at all, or no subprogram.
        case empty
        case overflow
    }

    private let reading = JumpReading()
    private var rules = EditRules()
    private(set) var landings = Landings()
    private var standingStorage = Scratch<InputIndex>()
    private var removedStorage = Scratch<InputIndex>()
    /// How many jumps and calls of the input are removed.
    private(set) var removedCount = 0
    /// The expected program, when the pass is accepted.
    package let program = ProgramBuffer()
    /// What becomes of the pass.
    package internal(set) var status = PatchStatus.accepted
    /// Why, when it is refused.
    package internal(set) var refusal: Refusal?
    /// The first slot of the would-be result whose jump has no landing or does not fit, where that is why.
    package internal(set) var refusalPlace: OutputIndex?

    package init() {}

    /// The oracle's own table of offset fields.
    var fields: JumpReading.Table { reading.table }
    /// The jumps and calls of the input that are removed, in order. Valid after a pass that leaves something standing.
    var removedJumps: UnsafeTypedBuffer<TableIndex, InputIndex> { removedStorage.buffer() }

    /// Works out what a pass must give for a well-formed input.
    ///
    /// - Complexity: O(slots + edits + refs × (refs of their edit + subprograms) + lines)
    package mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>) {
        refusal = nil
        refusalPlace = nil
        status = .accepted
        if rules.isMalformed(pass, on: input, reading.table) { return refuse(.malformed) }
        let length = landings.compute(pass, on: input)
        if length == 0 { return refuse(.empty) }
        program.reserve(insns: length + 1, subprograms: input.subprogramCount + 1, lines: input.lineCount)
        program.insnCount = length
        var writer = ExpectedRow(
            pass: pass, input: input, result: program.image(), fields: reading.table, landings: landings)
        writeInsns(&writer, of: input.insnCount)
        if let place = writer.dangling { return refuse(.dangling, at: place) }
        program.subprogramCount = subprograms(of: input)
        if program.subprogramCount == 0 { return refuse(.empty) }
        if let place = writer.overflow { return refuse(.overflow, at: place) }
        program.lineCount = LineRules.apply(
            pass, to: input.lines, count: input.lineCount, length: input.insnCount,
            into: program.image(as: OutputIndex.self).lines)
    }

    private mutating func refuse(_ reason: Refusal, at place: OutputIndex? = nil) {
        refusal = reason
        refusalPlace = place
        status = reason == .overflow ? .erange : .einval
    }

    /// Writes the whole row and lets its jumps reach what they must.
    @inline(__always)
    private mutating func writeInsns(_ writer: inout ExpectedRow, of count: Int) {
        standingStorage.reserve(count + 1)
        removedStorage.reserve(count + 1)
        writer.writePatches()
        let standing = standingStorage.buffer(as: TableIndex.self)
        writer.writeSurvivors()
        let counts = writer.listJumps(standing: standing, removed: removedStorage.buffer())
        removedCount = counts.removed
        for number in 0..<counts.standing { unsafe writer.fix(standing[TableIndex(number)]) }
        let jumps = rules.jumps
        for number in 0..<rules.jumpCount { unsafe writer.fix(jumps[TableIndex(number)]) }
    }

    /// Writes the subprograms that still stand and says how many.
    private func subprograms(of input: ProgramImage<InputIndex>) -> Int {
        let calls = landings.calls
        let table = program.image(as: OutputIndex.self).subprograms
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = unsafe input.subprograms[TableIndex(number)]
            let landing = unsafe calls[InputIndex(rawValue: subprogram.start)]
            // One that does not stand is written over by the next, or not counted.
            unsafe table[TableIndex(kept)] = Subprogram(start: UInt32(bitPattern: landing), id: subprogram.id)
            kept += landing < 0 ? 0 : 1
        }
        return kept
    }
}
