/// The start of a subprogram and the identity that travels with it, as `func_info` does.
///
/// - Units: `start` in slots
@frozen
public struct Subprogram: Hashable, Sendable, BitwiseCopyable {
    public var start: UInt32
    public var id: UInt32
    @inlinable
    public init(start: UInt32, id: UInt32) {
        self.start = start
        self.id = id
    }
}

/// Where a line record points and the identity that travels with it; stands for `struct bpf_line_info`.
///
/// - Units: `insnOff` in slots
@frozen
public struct LineRecord: Hashable, Sendable, BitwiseCopyable {
    public var insnOff: UInt32
    public var id: UInt32
    @inlinable
    public init(insnOff: UInt32, id: UInt32) {
        self.insnOff = insnOff
        self.id = id
    }
}
