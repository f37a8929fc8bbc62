extension UnsafeTypedBuffer where Element == Instruction {
    /// Copies the first `count` slots of another buffer to the front of this one, two at a time, and sets as many words of
    /// a third buffer to 0.
    ///
    /// Patches are too short for `memcpy`, and looking at every slot by itself would cost more than copying it.
    ///
    /// - Parameter classes: collects what ``JumpClasses/mayJump`` tells
    /// - Complexity: O(count)
    @unsafe @inlinable @inline(__always)
    public func copyPatch(
        from other: UnsafeTypedBuffer<Index, Instruction>, count: UInt32,
        clearing words: UnsafeTypedBuffer<Index, UInt32>,
        _ classes: inout JumpClasses
    ) {
        assert(Int(count) <= other.capacity && Int(count) <= capacity && Int(count) <= words.capacity)
        var at = 0
        let end = Int(count)
        while at &+ 4 <= end {
            unsafe copyPair(from: other, at: at, &classes)
            unsafe copyPair(from: other, at: at &+ 2, &classes)
            unsafe UnsafeMutableRawPointer(words.base + at).storeBytes(of: .zero, as: SIMD2<UInt64>.self)
            at &+= 4
        }
        if end & 2 != 0 {
            unsafe copyPair(from: other, at: at, &classes)
            unsafe UnsafeMutableRawPointer(words.base + at).storeBytes(of: 0, as: UInt64.self)
            at &+= 2
        }
        if end & 1 != 0 {
            let insn = unsafe other.base[at]
            unsafe base[at] = insn
            unsafe words.base[at] = 0
            classes.add(unsafe unsafeBitCast(SIMD2(insn.bits, 0), to: SIMD16<UInt8>.self))
        }
    }

    /// Copies two slots to the same position of this buffer.
    @unsafe @inlinable @inline(__always)
    func copyPair(from other: UnsafeTypedBuffer<Index, Instruction>, at position: Int, _ classes: inout JumpClasses) {
        let pair = unsafe UnsafeRawPointer(other.base + position).loadUnaligned(as: SIMD16<UInt8>.self)
        unsafe UnsafeMutableRawPointer(base + position).storeBytes(of: pair, as: SIMD16<UInt8>.self)
        classes.add(pair)
    }
}

/// Tells of any number of instructions whether jumps may be among them.
@frozen
public struct JumpClasses: BitwiseCopyable {
    @usableFromInline var lanes = SIMD16<UInt8>()

    @inlinable @inline(__always)
    public init() {}

    /// Looks at the bytes of two instructions; what comes of those that are no codes means nothing.
    @inlinable @inline(__always)
    mutating func add(_ pair: SIMD16<UInt8>) {
        // Of the eight classes only 5 and 6 have both upper bits set once they are one higher, and then carry into bit 3.
        lanes |= (pair &+ SIMD16(repeating: 1)) & SIMD16(repeating: 6) &+ SIMD16(repeating: 2)
    }

    /// Whether there are instructions of the classes of jumps, calls and exits.
    @inlinable @inline(__always)
    public var mayJump: Bool { (lanes[0] | lanes[8]) & 8 != 0 }
}
