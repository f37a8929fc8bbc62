/// What a patcher can do beyond replacing one instruction by a patch.
///
/// A patcher is not given what it cannot do, and a part of its results that it does not fill in is not looked at. The bits
/// are those of `enum bpf_patcher_cap` of the C ABI.
@frozen
public struct PatcherCapabilities: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Edits without a patch.
    @inlinable public static var delete: Self { Self(rawValue: 1 << 0) }
    /// Edits that remove nothing.
    @inlinable public static var insert: Self { Self(rawValue: 1 << 1) }
    /// Edits that replace more than one slot by a patch, those of one wide load included.
    @inlinable public static var range: Self { Self(rawValue: 1 << 2) }
    /// Insertions that jumps go past.
    @inlinable public static var skipJumps: Self { Self(rawValue: 1 << 3) }
    /// A jump or call as the kept instruction.
    @inlinable public static var keepJump: Self { Self(rawValue: 1 << 4) }
    /// Patch instructions that reach an instruction of the program by a ref.
    @inlinable public static var refs: Self { Self(rawValue: 1 << 5) }
    /// Jumps that stand and target a deleted range past its first slot.
    @inlinable public static var deadTarget: Self { Self(rawValue: 1 << 6) }
    /// Its results hold aux words.
    @inlinable public static var aux: Self { Self(rawValue: 1 << 7) }
    /// Its results hold subprograms.
    @inlinable public static var subprograms: Self { Self(rawValue: 1 << 8) }
    /// Its results hold line records.
    @inlinable public static var lines: Self { Self(rawValue: 1 << 9) }
    /// It adjusts jumps after every single edit, so that an offset may overflow on the way to a layout that fits.
    ///
    /// Such a patcher is not given a pass of which some prefix is `EINVAL`. A burden rather than a gift, and no part of
    /// ``everything``.
    @inlinable public static var stepwise: Self { Self(rawValue: 1 << 10) }
    /// It says `EINVAL` where nothing stands for the target of a jump; without it, such passes are not given.
    @inlinable public static var refuses: Self { Self(rawValue: 1 << 11) }

    /// All that a pass can ask of a patcher and all parts of a result; the built-in designs have it.
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

    /// The names of those that it has, in the order of the bits.
    public var names: [String] { Self.named.filter { contains($0.capability) }.map(\.name) }
}
