import BPF

/// The features of a case, drawn for each case, so that all combinations occur.
///
/// - Units: probabilities in sixteenths
/// - Source: Groce et al., "Swarm Testing", ISSTA 2012
struct CaseFeatures {
    /// The kinds of slots.
    enum Kind: UInt8, BitwiseCopyable, CaseIterable {
        case alu, memory, wide, decoy, conditional, conditional32, ja, gotol, mayGoto, odd, call, function

        /// True if it has an offset.
        @inline(__always)
        var isJump: Bool { rawValue >= Kind.conditional.rawValue }
    }

    /// The number of entries in a palette; a power of two, so that five bits of a draw pick one.
    static let paletteSize = 32

    /// The first slot whose index does not fit 16 bits.
    static let hugeStart = 65536

    var insns = 1
    var edits = 1
    var passes = 1
    var subprograms = 1
    var isFar = false
    /// True for a far program with more slots than 16 bits count.
    var isHuge = false
    /// True if instructions have numbers at the limits of 8, 16 and 32 bits in their fields.
    var isAtLimits = false
    /// The weights of the forms of an edit, relative to their sum.
    var patch = 4
    var insert = 4
    var delete = 4
    var replace = 4
    /// The probabilities of the parts of an edit.
    var keep = 4
    var skip = 4
    var refs = 4
    var leaving = 4
    var patchJumps = 4
    /// The probability that an edit starts at a border: a jump, a target or a subprogram start.
    var borders = 8
    /// The probability that an edit starts directly after the one before.
    var sideBySide = 3
    /// The probability of a line record at a slot.
    var lines = 4
    /// The longest patch, except for rare ones.
    var patchLength = 4
    /// The refusal that the case is generated for.
    var refusal = PlannedRefusal.none
    /// The limits of its passes.
    var limits = CaseLimits()

    /// The refusal that a case is generated for.
    enum PlannedRefusal {
        case none
        /// The last pass gets a malformed edit.
        case malformed
        /// Edits may remove jump targets and whole subprograms.
        case dangling
    }

    /// Draws the features of a case.
    static func draw(_ shape: CaseShape, _ draws: inout Draws) -> CaseFeatures {
        var features = CaseFeatures()
        var bits = draws.bits()
        features.patch = 1 + bits.below(8)
        features.insert = bits.below(8)
        features.delete = bits.below(8)
        features.replace = bits.below(8)
        features.keep = 2 * bits.below(8)
        features.skip = 2 * bits.below(8)
        features.refs = bits.below(8)
        features.leaving = bits.below(8)
        features.patchJumps = bits.below(8)
        features.borders = 4 + bits.below(8)
        features.sideBySide = bits.below(4)
        features.lines = bits.below(4)
        features.patchLength = 1 + bits.below(4)
        features.isAtLimits = bits.chance(1, of: 16)
        features.size(shape, &draws)
        return features
    }

    private mutating func size(_ shape: CaseShape, _ draws: inout Draws) {
        if case .fixed(let insns, let edits, let passes) = shape {
            (self.insns, self.edits, self.passes) = (insns, edits, passes)
            subprograms = 1 + draws.below(max(1, min(4, insns / 4)))
            return
        }
        let size = draws.below(4096)
        switch size {
        case _ where shape == .large: chooseLargeSize(&draws)
        case 0..<11:
            isFar = true
            insns = 32_700 + draws.below(200)
            edits = 1 + draws.below(6)
            subprograms = 1
        case 11 where draws.chance(1, of: 4): chooseLargeSize(&draws)
        case 11..<22:
            insns = 100 + draws.below(500)
            edits = 100 + draws.below(200)
            subprograms = 1 + draws.below(12)
        case 22..<1800: insns = 1 + draws.below(8)
        case 1800..<3500: insns = 6 + draws.below(27)
        case 3500..<4000: insns = 24 + draws.below(41)
        default: insns = 64 + draws.below(97)
        }
        if size >= 22 && shape == .mixed {
            edits = 1 + draws.below(max(1, min(12, insns / 2 + 1)))
            subprograms = 1 + draws.below(max(1, min(6, insns / 2)))
        }
        passes = isFar ? 1 + draws.below(2) : 1 + (draws.below(8) * 3 / 7) * draws.below(2)
        let plan = draws.below(640)
        if plan < 32 { refusal = .malformed } else if plan < 64 { refusal = .dangling } else if plan < 66 { edits = 0 }
    }

    /// Chooses a size whose indices do not fit 8, 10 or 16 bits.
    ///
    /// One case in 16,384 has one: a quadratic design takes tens of milliseconds for it.
    private mutating func chooseLargeSize(_ draws: inout Draws) {
        subprograms = 1 + draws.below(12)
        switch draws.below(4) {
        case 0:
            (isFar, isHuge) = (true, true)
            insns = Self.hugeStart + 64 + draws.below(200)
            edits = 1 + draws.below(6)
        case 1:
            insns = 500 + draws.below(400)
            edits = 1 + draws.below(12)
            subprograms = 400 + draws.below(200)
            lines = 12 + draws.below(5)
        case 2:
            edits = 260 + draws.below(200)
            insns = edits * 2 + draws.below(edits)
        default:
            edits = 1_100 + draws.below(200)
            insns = edits * 2 + draws.below(edits)
        }
    }
}

extension CaseFeatures {
    /// Removes the features that the limits do not allow.
    mutating func keep(within limits: CaseLimits) {
        self.limits = limits
        if !limits.allow(.insert) { insert = 0 }
        if !limits.allow(.delete) { delete = 0 }
        if !limits.allow(.range) { replace = 0 }
        if !limits.allow(.skipJumps) { skip = 0 }
        if !limits.allow(.refs) { refs = 0 }
        if !limits.allowsRefusals && refusal == .dangling { refusal = .none }
    }
}
