extension UnsafeTypedBuffer where Element == Instruction {
    /// Copies the first `count` slots of another buffer to the front of this one, and sets as many words of a third to
    /// 0.
    ///
    /// Two slots at a time: patches are too short for `memcpy`, and a test of each slot would cost more than its copy.
    ///
    /// - Parameter classes: collects the classes of the copied instructions
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

/// The instruction classes that were seen in a sequence of slots.
@frozen
public struct JumpClasses: BitwiseCopyable {
    @usableFromInline var lanes = SIMD16<UInt8>()

    @inlinable @inline(__always)
    public init() {}

    /// Adds the bytes of two instructions. Bytes other than the two codes are ignored later.
    @inlinable @inline(__always)
    mutating func add(_ pair: SIMD16<UInt8>) {
        // Only classes 5 and 6 plus 1 have both upper bits set; adding 2 then carries into bit 3.
        lanes |= (pair &+ SIMD16(repeating: 1)) & SIMD16(repeating: 6) &+ SIMD16(repeating: 2)
    }

    /// True if an instruction of the classes `JMP` or `JMP32` was among them.
    @inlinable @inline(__always)
    public var mayJump: Bool { (lanes[0] | lanes[8]) & 8 != 0 }
}
