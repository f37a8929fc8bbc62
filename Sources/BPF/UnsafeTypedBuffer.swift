/// A view of memory with another owner, and with one index type.
///
/// Release builds check no bounds, and no build checks that the owner, for example a ``Scratch``, still lives. So every
/// read and write is `@unsafe`: the caller checks lengths once, at entry. Debug builds assert all bounds.
@safe
@frozen
public struct UnsafeTypedBuffer<Index: SlotIndex, Element: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    /// The number of elements that fit.
    public let capacity: Int

    /// Makes a view of memory that its owner keeps alive.
    ///
    /// - Units: `capacity` in elements
    @inlinable @inline(__always)
    public init(unsafeBase base: UnsafeMutablePointer<Element>, capacity: Int) {
        unsafe self.base = base
        self.capacity = capacity
    }

    /// The element at `index`.
    ///
    /// - Complexity: O(1)
    @unsafe @inlinable @inline(__always)
    public subscript(index: Index) -> Element {
        _read {
            assert(index.position < capacity, "index \(index.position) beyond a buffer of \(capacity)")
            yield unsafe base[index.position]
        }
        nonmutating _modify {
            assert(index.position < capacity, "index \(index.position) beyond a buffer of \(capacity)")
            yield unsafe &base[index.position]
        }
    }

    /// The address of the first element, for calls into C.
    @unsafe @inlinable @inline(__always)
    public var baseAddress: UnsafeMutablePointer<Element> { unsafe base }

    /// The same memory from `start` on, with another index type.
    @inlinable @inline(__always)
    public func suffix<Other: SlotIndex>(from start: Index, as _: Other.Type) -> UnsafeTypedBuffer<Other, Element> {
        assert(start.position <= capacity, "suffix from \(start.position) of a buffer of \(capacity)")
        return unsafe UnsafeTypedBuffer<Other, Element>(
            unsafeBase: base + start.position, capacity: capacity - start.position)
    }

    /// The same memory with another index type.
    @inlinable @inline(__always)
    public func reindexed<Other: SlotIndex>(as _: Other.Type) -> UnsafeTypedBuffer<Other, Element> {
        unsafe UnsafeTypedBuffer<Other, Element>(unsafeBase: base, capacity: capacity)
    }

    /// Copies `count` elements of another buffer, from `source` on, to `destination`. The ranges must not overlap.
    ///
    /// - Complexity: O(count)
    @unsafe @inlinable @inline(__always)
    public func copy<Other: SlotIndex>(
        _ count: Int, from other: UnsafeTypedBuffer<Other, Element>, at source: Other, to destination: Index
    ) {
        assert(source.position + count <= other.capacity && destination.position + count <= capacity)
        var from = unsafe other.base + source.position
        var to = unsafe base + destination.position
        // A call of memcpy costs more than copying a few slots.
        if count > 16 {
            unsafe to.update(from: from, count: count)
        } else {
            let end = unsafe from + count
            while unsafe from < end {
                unsafe to.pointee = from.pointee
                unsafe from += 1
                unsafe to += 1
            }
        }
    }

    /// Moves `count` elements within this buffer; the ranges may overlap.
    ///
    /// - Complexity: O(count)
    @unsafe @inlinable @inline(__always)
    public func move(_ count: Int, from source: Index, to destination: Index) {
        assert(source.position + count <= capacity && destination.position + count <= capacity)
        unsafe (base + destination.position).update(from: base + source.position, count: count)
    }

    /// Writes the elements of a vector, from `start` on.
    ///
    /// - Complexity: O(1)
    @unsafe @inlinable @inline(__always)
    public func write<Vector: SIMD>(_ vector: Vector, at start: Index)
    where Vector.Scalar == Element, Vector: BitwiseCopyable {
        assert(start.position + vector.scalarCount <= capacity)
        unsafe UnsafeMutableRawPointer(base + start.position).storeBytes(of: vector, as: Vector.self)
    }

    /// Sets `count` elements from `start` on to one value.
    ///
    /// - Complexity: O(count)
    @unsafe @inlinable @inline(__always)
    public func fill(_ count: Int, from start: Index, with element: Element) {
        assert(start.position + count <= capacity)
        unsafe (base + start.position).update(repeating: element, count: count)
    }

    /// Copies an array to the front of the buffer.
    ///
    /// - Complexity: O(count)
    @inlinable
    public func load(_ elements: [Element]) {
        precondition(elements.count <= capacity, "\(elements.count) elements for a buffer of \(capacity)")
        unsafe elements.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe base.update(from: start, count: buffer.count) }
        }
    }

    /// The first `count` elements as an array.
    ///
    /// - Complexity: O(count)
    public func array(count: Int) -> [Element] {
        precondition(count <= capacity, "\(count) elements of a buffer of \(capacity)")
        return unsafe Array(UnsafeBufferPointer(start: base, count: count))
    }

    /// Returns true if the first `count` elements have the same bytes in both buffers.
    ///
    /// The element type must have no padding; none in this module has.
    ///
    /// - Complexity: O(count)
    @unsafe @inlinable @inline(__always)
    public func hasSameBytes<Other: SlotIndex>(as other: UnsafeTypedBuffer<Other, Element>, count: Int) -> Bool {
        assert(count <= capacity && count <= other.capacity)
        let bytes = count * MemoryLayout<Element>.stride
        var at = 0
        // The last block ends at the end of the buffer and may overlap the one before, so that one loop does for any
        // length.
        if bytes >= 64 {
            typealias Block = SIMD8<UInt64>
            var difference = Block()
            while at < bytes &- 64 {
                difference |= unsafe word(at: at, as: Block.self) ^ other.word(at: at, as: Block.self)
                at &+= 64
            }
            let end = bytes &- 64
            difference |= unsafe word(at: end, as: Block.self) ^ other.word(at: end, as: Block.self)
            let half = difference.lowHalf | difference.highHalf
            let quarter = half.lowHalf | half.highHalf
            return quarter[0] | quarter[1] == 0
        }
        if bytes >= 8 {
            var difference: UInt64 = 0
            while at < bytes &- 8 {
                difference |= unsafe word(at: at, as: UInt64.self) ^ other.word(at: at, as: UInt64.self)
                at &+= 8
            }
            let end = bytes &- 8
            difference |= unsafe word(at: end, as: UInt64.self) ^ other.word(at: end, as: UInt64.self)
            return difference == 0
        }
        while at < bytes {
            if unsafe word(at: at, as: UInt8.self) != other.word(at: at, as: UInt8.self) { return false }
            at &+= 1
        }
        return true
    }

    /// The word at an offset in bytes.
    @unsafe @inlinable @inline(__always)
    func word<Word: BitwiseCopyable>(at offset: Int, as _: Word.Type) -> Word {
        unsafe UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: Word.self)
    }
}
