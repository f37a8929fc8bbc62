import BPF

/// What the edits of a phase have made of one slot of its program.
///
/// - Shape: three 32-bit words, no padding
/// - Units: slots
struct SlotState: BitwiseCopyable {
    /// What stands where the slot stood.
    enum Standing: UInt32 {
        /// The slot itself.
        case itself = 0
        /// A patch that has replaced it.
        case patch = 1
        /// Nothing.
        case nothing = 2
    }

    /// By how much everything behind the slot has moved because of edits that start at it.
    var growth: Int32
    /// How much stands directly before it, put there by edits that start at it.
    var lead: UInt32
    /// The last pass with an edit that names it, counted from 1 within the phase, above two bits of ``standing``.
    private var mark: UInt32

    /// A slot that no edit has named.
    static var untouched: SlotState { SlotState(growth: 0, lead: 0, mark: 0) }

    /// What stands where it stood.
    @inline(__always)
    var standing: Standing { Standing(rawValue: mark & 3)! }

    /// Whether the slot itself stands.
    @inline(__always)
    var stands: Bool { mark & 3 == 0 }

    /// The last pass with an edit that names it, counted from 1 within the phase.
    @inline(__always)
    var pass: Int { Int(mark >> 2) }

    /// Notes an edit.
    @inline(__always)
    mutating func note(pass: Int, _ standing: Standing) {
        mark = UInt32(truncatingIfNeeded: pass) << 2 | standing.rawValue
    }
}
