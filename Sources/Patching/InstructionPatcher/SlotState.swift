import BPF

/// The effect of the edits of a phase on one slot.
///
/// - Shape: three 32-bit words, no padding
/// - Units: slots
struct SlotState: BitwiseCopyable {
    /// The code in the place of the slot.
    enum Content: UInt32 {
        /// The slot itself.
        case itself = 0
        /// A patch that replaced it.
        case patch = 1
        /// Nothing.
        case nothing = 2
    }

    /// The growth by edits that start at the slot.
    var growth: Int32
    /// The number of slots that edits of this slot inserted directly before it.
    var lead: UInt32
    /// The last pass with an edit of the slot, counted from 1 within the phase, above two bits of ``content``.
    private var mark: UInt32

    /// A slot without edits.
    static var untouched: SlotState { SlotState(growth: 0, lead: 0, mark: 0) }

    /// The code in the place of the slot.
    @inline(__always)
    var content: Content { Content(rawValue: mark & 3)! }

    /// True if no edit has deleted or replaced the slot.
    @inline(__always)
    var survives: Bool { mark & 3 == 0 }

    /// The last pass with an edit of the slot, counted from 1 within the phase.
    @inline(__always)
    var pass: Int { Int(mark >> 2) }

    /// Notes an edit.
    @inline(__always)
    mutating func note(pass: Int, _ content: Content) {
        mark = UInt32(truncatingIfNeeded: pass) << 2 | content.rawValue
    }
}
