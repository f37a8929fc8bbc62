import BPF

/// A slot of the input of a pass.
@frozen
public struct InputIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A slot of the result of a pass, or of an intermediate layout.
@frozen
public struct OutputIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

extension InputIndex {
    /// The same slot after the result became the input of another pass.
    @inlinable @inline(__always)
    public init(_ index: OutputIndex) { self.init(rawValue: index.rawValue) }
}

extension InputIndex: CustomStringConvertible {
    /// The position alone, as in assembler text after an `@`.
    public var description: String { "\(rawValue)" }
}

extension OutputIndex: CustomStringConvertible {
    /// The position alone.
    public var description: String { "\(rawValue)" }
}

/// A slot of one patch.
@frozen
public struct PatchIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A slot of the pool that holds all patches of a pass.
@frozen
public struct PoolIndex: SlotIndex {
    public var rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
