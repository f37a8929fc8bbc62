/// The start of a subprogram, with an id that follows it through all passes: the counterpart of `struct bpf_func_info`.
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

/// A slot with an id that follows it through all passes: the counterpart of `struct bpf_line_info`.
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
