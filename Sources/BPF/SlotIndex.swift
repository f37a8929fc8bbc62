/// A position in slots of 8 bytes. Its type names the layout.
///
/// Indices into the input of a pass, into its result and into a patch have different types, so a mix-up does not
/// compile.
///
/// - Units: slots
public protocol SlotIndex: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The position.
    var rawValue: UInt32 { get }
    /// Makes an index from a position in this layout.
    init(rawValue: UInt32)
}

extension SlotIndex {
    /// Makes an index from a position in this layout, which must fit 32 bits.
    @inlinable @inline(__always)
    public init(_ position: Int) {
        assert(position >= 0 && position <= Int(UInt32.max), "position \(position) is no slot")
        self.init(rawValue: UInt32(truncatingIfNeeded: position))
    }

    /// The position as an `Int`, for arithmetic.
    @inlinable @inline(__always)
    public var position: Int { Int(rawValue) }

    @inlinable @inline(__always)
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    @inlinable @inline(__always)
    public static func + (index: Self, slots: Int) -> Self {
        assert(index.position + slots >= 0 && index.position + slots <= Int(UInt32.max), "the sum is no slot")
        return Self(rawValue: index.rawValue &+ UInt32(truncatingIfNeeded: slots))
    }

    /// The distance from `right` to `left` in slots; negative if `right` is larger.
    @inlinable @inline(__always)
    public static func - (left: Self, right: Self) -> Int { left.position &- right.position }
}

/// A slot of a program outside of any pass.
@frozen
public struct Slot: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// An index into a table: subprograms, lines, edits or refs.
@frozen
public struct TableIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
