/// The abilities of a patcher beyond replacing one instruction by a patch.
///
/// A patcher does not get passes that it does not support, and parts of the result that it does not fill in are not
/// compared. The bits are those of `enum bpf_patcher_cap` in the C ABI.
@frozen
public struct PatcherCapabilities: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Edits without a patch.
    @inlinable public static var delete: Self { Self(rawValue: 1 << 0) }
    /// Edits that remove nothing.
    @inlinable public static var insert: Self { Self(rawValue: 1 << 1) }
    /// Edits that replace more than one slot by a patch; a wide load counts as two.
    @inlinable public static var range: Self { Self(rawValue: 1 << 2) }
    /// Insertions that jumps skip.
    @inlinable public static var skipJumps: Self { Self(rawValue: 1 << 3) }
    /// A jump or call as the kept instruction.
    @inlinable public static var keepJump: Self { Self(rawValue: 1 << 4) }
    /// Refs: jumps and calls of a patch to instructions of the program.
    @inlinable public static var refs: Self { Self(rawValue: 1 << 5) }
    /// Surviving jumps into a deleted range, past its first slot.
    @inlinable public static var deadTarget: Self { Self(rawValue: 1 << 6) }
    /// Results with aux words.
    @inlinable public static var aux: Self { Self(rawValue: 1 << 7) }
    /// Results with subprograms.
    @inlinable public static var subprograms: Self { Self(rawValue: 1 << 8) }
    /// Results with line records.
    @inlinable public static var lines: Self { Self(rawValue: 1 << 9) }
    /// It adjusts jumps after each edit, so an offset may overflow on the way to a layout that fits.
    ///
    /// Such a patcher does not get passes with a prefix that is `EINVAL`. This is a limitation, so it is not in
    /// ``everything``.
    @inlinable public static var stepwise: Self { Self(rawValue: 1 << 10) }
    /// It returns `EINVAL` if a jump has no target in the result. Other patchers do not get such passes.
    @inlinable public static var refuses: Self { Self(rawValue: 1 << 11) }

    /// All forms of edits and all parts of a result, as the built-in designs support them.
    @inlinable public static var everything: Self {
        [
            .delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget, .aux, .subprograms, .lines, .refuses,
        ]
    }

    /// Every capability with its name, in the order of the bits.
    public static let named: [(capability: PatcherCapabilities, name: String)] = [
        (.delete, "delete"), (.insert, "insert"), (.range, "range"), (.skipJumps, "skip-jumps"),
        (.keepJump, "keep-jump"), (.refs, "refs"), (.deadTarget, "dead-target"), (.aux, "aux"),
        (.subprograms, "subprogs"), (.lines, "lines"), (.stepwise, "stepwise"), (.refuses, "refuses"),
    ]

    /// The names of the capabilities in the set, in the order of the bits.
    public var names: [String] { Self.named.filter { contains($0.capability) }.map(\.name) }
}
