/// A position counted in slots of 8 bytes, typed by the layout it belongs to.
///
/// An index into the input of a pass, one into its result and one into a patch are different types, so that
/// mixing them does not compile.
///
/// - Units: slots
public protocol SlotIndex: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The position itself.
    var rawValue: UInt32 { get }
    /// Wraps a position that is known to belong to this layout.
    init(rawValue: UInt32)
}

extension SlotIndex {
    /// Wraps a position that is known to belong to this layout and to fit 32 bits.
    @inlinable @inline(__always)
    public init(_ position: Int) {
        assert(position >= 0 && position <= Int(UInt32.max), "position \(position) is no slot")
        self.init(rawValue: UInt32(truncatingIfNeeded: position))
    }

    /// The position as an `Int`, for arithmetic within one layout.
    @inlinable @inline(__always)
    public var position: Int { Int(rawValue) }

    @inlinable @inline(__always)
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    @inlinable @inline(__always)
    public static func + (index: Self, slots: Int) -> Self {
        assert(index.position + slots >= 0 && index.position + slots <= Int(UInt32.max), "no slot lies there")
        return Self(rawValue: index.rawValue &+ UInt32(truncatingIfNeeded: slots))
    }

    /// How many slots `right` lies before `left`; negative when it lies behind.
    @inlinable @inline(__always)
    public static func - (left: Self, right: Self) -> Int { left.position &- right.position }
}

/// A slot of a program that stands by itself, outside of any pass.
@frozen
public struct Slot: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A row of a table that is not counted in slots: subprograms, lines, edits, refs.
@frozen
public struct TableIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
