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
public struct Expectation: ~Copyable {
    /// Why a pass is refused.
    public enum Refusal: String, Sendable {
        case malformed
        /// Nothing stands for the target of a jump, or a patch leaves its subprogram.
        case dangling
        /// Nothing stands at all, or no subprogram.
        case empty
        case overflow
    }

    /// In the tables: nothing stands for this slot.
    static let nothing = Int32(-1)
    /// In the tables, for a moment: the slot is deleted.
    private static let deleted = Int32(-2)

    private let reading = JumpReading()
    private var rules = EditRules()
    private var jumpStorage = RowStorage<Int32>()
    private var callStorage = RowStorage<Int32>()
    /// The expected program, when the pass is accepted.
    public private(set) var program = ProgramBuffer()
    /// What becomes of the pass.
    public private(set) var status = PatchStatus.accepted
    /// Why, when it is refused.
    public private(set) var refusal: Refusal?
    /// The first slot of the would-be result whose jump has no landing or does not fit, where that is why.
    public private(set) var refusalPlace: OutputIndex?

    public init() {}

    /// Gives the expected program away and takes another buffer for the next.
    public mutating func exchangeProgram(with other: inout ProgramBuffer) { swap(&program, &other) }

    /// The oracle's own table of offset fields.
    var fields: JumpReading.Table { reading.table }
    /// Where jumps to each input slot land; negative where nothing stands. Valid after a pass that is not malformed.
    var jumpLandings: Row<InputIndex, Int32> { jumpStorage.row() }
    /// Where calls to each input slot land. Valid after a pass that is not malformed.
    var callLandings: Row<InputIndex, Int32> { callStorage.row() }

    /// Works out what a pass must give for a well-formed input.
    ///
    /// - Complexity: O(slots + edits × lines)
    public mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>) {
        refusal = nil
        refusalPlace = nil
        status = .accepted
        if rules.isMalformed(pass, on: input, reading.table) { return refuse(.malformed) }
        let length = land(pass, on: input)
        if length == 0 { return refuse(.empty) }
        let program = self.program
        program.reserve(insns: length, subprograms: input.subprogramCount, lines: input.lineCount)
        program.insnCount = length
        var writer = ExpectedRow(
            pass: pass, input: input, result: program.image(), fields: reading.table, jumps: jumpStorage.row(),
            calls: callStorage.row())
        writer.write()
        if let place = writer.dangling { return refuse(.dangling, at: place) }
        program.subprogramCount = subprograms(of: input)
        if program.subprogramCount == 0 { return refuse(.empty) }
        if let place = writer.overflow { return refuse(.overflow, at: place) }
        let lines = program.image(as: OutputIndex.self).lines
        lines.copy(input.lineCount, from: input.lines, at: TableIndex(0), to: TableIndex(0))
        program.lineCount = LineRules.apply(pass, to: lines, count: input.lineCount, insnCount: input.insnCount)
    }

    private mutating func refuse(_ reason: Refusal, at place: OutputIndex? = nil) {
        refusal = reason
        refusalPlace = place
        status = reason == .overflow ? .erange : .einval
    }

    /// Gives every input slot its landing and says how long the result is.
    private mutating func land(_ pass: PassImage, on input: ProgramImage<InputIndex>) -> Int {
        let count = input.insnCount
        jumpStorage.reserve(count)
        callStorage.reserve(count)
        let jumps = jumpStorage.row(as: InputIndex.self)
        let calls = callStorage.row(as: InputIndex.self)
        var out: Int32 = 0
        var slot = InputIndex(0)
        for number in 0...pass.editCount {
            let isLast = number == pass.editCount
            let edit = isLast ? nil : pass.edits[TableIndex(number)]
            let stop = edit?.off ?? InputIndex(count)
            while slot < stop {
                jumps[slot] = out
                calls[slot] = out
                out += 1
                slot = slot + 1
            }
            guard let edit else { break }
            let length = Int32(bitPattern: edit.patchCount)
            if edit.remove == 0 {
                if slot.position < count {
                    jumps[slot] = edit.skip ? out + length : out
                    calls[slot] = out
                    out += 1
                    slot = slot + 1
                }
            } else {
                var mark = length == 0 ? Expectation.deleted : out
                while slot < edit.end {
                    jumps[slot] = mark
                    calls[slot] = mark
                    mark = length == 0 ? Expectation.deleted : Expectation.nothing
                    slot = slot + 1
                }
            }
            out += length
        }
        // What is deleted lands where the slot behind it does, unless a subprogram ends in between.
        for number in stride(from: pass.editCount - 1, through: 0, by: -1) {
            let edit = pass.edits[TableIndex(number)]
            if edit.patchCount > 0 { continue }
            var next = Int(input.subprogramCount)
            while next > 0 && input.subprograms[TableIndex(next - 1)].start >= edit.end.rawValue { next -= 1 }
            var boundary = next < input.subprogramCount ? Int(input.subprograms[TableIndex(next)].start) : count
            var at = edit.end.position - 1
            while at >= edit.off.position {
                let isEnd = at + 1 == boundary
                jumps[InputIndex(at)] = isEnd ? Expectation.nothing : jumps[InputIndex(at + 1)]
                calls[InputIndex(at)] = isEnd ? Expectation.nothing : calls[InputIndex(at + 1)]
                if next > 0 && input.subprograms[TableIndex(next - 1)].start == UInt32(at) {
                    next -= 1
                    boundary = at
                }
                at -= 1
            }
        }
        return Int(out)
    }

    /// Writes the subprograms that still stand and says how many.
    private func subprograms(of input: ProgramImage<InputIndex>) -> Int {
        let calls = callStorage.row(as: InputIndex.self)
        let table = program.image(as: OutputIndex.self).subprograms
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            let landing = calls[InputIndex(rawValue: subprogram.start)]
            if landing < 0 { continue }
            table[TableIndex(kept)] = Subprogram(start: UInt32(landing), id: subprogram.id)
            kept += 1
        }
        return kept
    }
}
