/// What becomes of a slot of the program before anything is patched.
struct SlotPrediction: Hashable, BitwiseCopyable {
    /// The prediction in the lower bits, flags above.
    var bits: UInt8

    /// It stands; a second slot as its first.
    static let stands = SlotPrediction(bits: 0)
    /// A conditional jump that became `ja` to its target.
    static let alwaysTaken = SlotPrediction(bits: 1)
    /// A conditional jump that became `ja +0`.
    static let neverTaken = SlotPrediction(bits: 2)
    /// From here on, the slot is removed. The verifier never saw it.
    static let dead = SlotPrediction(bits: 3)
    /// A jump over nothing.
    static let nop = SlotPrediction(bits: 4)
    /// A spill or fill around a call that clobbers nothing.
    static let fastcall = SlotPrediction(bits: 5)

    /// The first instruction of its subprogram that stands.
    static let entry: UInt8 = 8
    /// The same in a subprogram in which a `may_goto` stands.
    static let countedEntry: UInt8 = 16

    /// The prediction without flags.
    @inline(__always)
    var kind: SlotPrediction { SlotPrediction(bits: bits & 7) }

    @inline(__always)
    var isRemoved: Bool { bits & 7 >= SlotPrediction.dead.bits }

    @inline(__always)
    var isEntry: Bool { bits & SlotPrediction.entry != 0 }

    @inline(__always)
    var isCountedEntry: Bool { bits & SlotPrediction.countedEntry != 0 }
}
