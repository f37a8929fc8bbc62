import BPF
import Patching

/// The fast oracle: computes the expected result of a pass from the rules alone.
///
/// First ``ExpectedTargets`` finds the place of every input slot and the slot that jumps to it reach. Then
/// ``ExpectedInsns`` writes the expected instructions with their offsets. The oracle shares only data types with the
/// patchers (``BPF``, ``Patching/PassImage``). It has its own code for all decisions: fields of offsets, malformed
/// edits, targets, tables, refs.
///
/// - Source: SEMANTICS
package struct Expectation: ~Copyable {
    /// The reason for which a pass is refused.
    package enum Refusal: String, Sendable {
        case malformed
        /// A jump has no target in the result, or a jump of a patch leaves its subprogram.
        case dangling
        /// The result is empty, or has no subprogram.
        case empty
        case overflow
    }

    private let reading = JumpReading()
    private var rules = EditRules()
    private(set) var targets = ExpectedTargets()
    private var survivingStorage = Scratch<InputIndex>()
    private var removedStorage = Scratch<InputIndex>()
    /// The number of removed jumps and calls of the input.
    private(set) var removedCount = 0
    /// The expected program, when the pass is accepted.
    package let program = ProgramBuffer()
    /// The expected status of the pass.
    package internal(set) var status = PatchStatus.accepted
    /// The reason, if the pass is refused.
    package internal(set) var refusal: Refusal?
    /// The first slot of the incomplete result whose jump has no target or does not fit, if that is the reason.
    package internal(set) var refusalPlace: OutputIndex?

    package init() {}

    /// The oracle's own table of offset fields.
    var fields: JumpReading.Table { reading.table }
    /// The removed jumps and calls of the input, in order. Valid unless the result is empty.
    var removedJumps: UnsafeTypedBuffer<TableIndex, InputIndex> { removedStorage.buffer() }

    /// Computes the expected result of a pass for a well-formed input.
    ///
    /// - Complexity: O(slots + edits + refs × (refs of their edit + subprograms) + lines)
    package mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>) {
        refusal = nil
        refusalPlace = nil
        status = .accepted
        if rules.isMalformed(pass, on: input, reading.table) { return refuse(.malformed) }
        let length = targets.compute(pass, on: input)
        if length == 0 { return refuse(.empty) }
        program.reserve(insns: length + 1, subprograms: input.subprogramCount + 1, lines: input.lineCount)
        program.insnCount = length
        var writer = ExpectedInsns(
            pass: pass, input: input, result: program.image(), fields: reading.table, targets: targets)
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

    /// Writes all instructions, and points the jumps to their targets.
    @inline(__always)
    private mutating func writeInsns(_ writer: inout ExpectedInsns, of count: Int) {
        survivingStorage.reserve(count + 1)
        removedStorage.reserve(count + 1)
        writer.writePatches()
        let surviving = survivingStorage.buffer(as: TableIndex.self)
        writer.writeSurvivors()
        let counts = writer.listJumps(surviving: surviving, removed: removedStorage.buffer())
        removedCount = counts.removed
        for number in 0..<counts.surviving { unsafe writer.fix(surviving[TableIndex(number)]) }
        let jumps = rules.jumps
        for number in 0..<rules.jumpCount { unsafe writer.fix(jumps[TableIndex(number)]) }
    }

    /// Writes the surviving subprograms and returns their number.
    private func subprograms(of input: ProgramImage<InputIndex>) -> Int {
        let calls = targets.calls
        let table = program.image(as: OutputIndex.self).subprograms
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = unsafe input.subprograms[TableIndex(number)]
            let landing = unsafe calls[InputIndex(rawValue: subprogram.start)]
            // The next one overwrites a removed one; the last is not counted.
            unsafe table[TableIndex(kept)] = Subprogram(start: UInt32(bitPattern: landing), id: subprogram.id)
            kept += landing < 0 ? 0 : 1
        }
        return kept
    }
}
