import BPF

/// A jump or call of the result that reaches for a slot of the input, with the offset that it had at `from`; one word,
/// written at once.
struct ListedJump: BitwiseCopyable {
    private let bits: UInt64

    @inline(__always)
    init(at: OutputIndex, from: InputIndex) { bits = UInt64(at.rawValue) | UInt64(from.rawValue) &<< 32 }

    @inline(__always)
    var at: OutputIndex { OutputIndex(rawValue: UInt32(truncatingIfNeeded: bits)) }

    /// The slot of the input from which its offset counts; may wrap for a jump of a patch.
    @inline(__always)
    var from: InputIndex { InputIndex(rawValue: UInt32(truncatingIfNeeded: bits &>> 32)) }
}

/// Memory that a ``LayoutSweep`` works in, kept for the whole run.
struct LayoutWorkspace: ~Copyable {
    private var jumps = RowStorage<ListedJump>()

    /// Carries out a pass with a sweep, and says what becomes of it.
    ///
    /// - Parameter landings: where the design notes where slots have gone; still empty
    @inline(__always)
    mutating func carryOut(
        _ pass: PassImage, on input: ProgramImage<InputIndex>, into output: ProgramBuffer,
        _ landings: some LandingRecord
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        // The list has one row more than can count.
        jumps.reserve(room + 1)
        var sweep = LayoutSweep(
            pass: pass, input: input, result: output.image(), landings: landings, jumps: jumps.row())
        return sweep.run(into: output)
    }
}
