/// Memory for one ``UnsafeTypedBuffer``, kept for the whole run; it grows when a case needs more.
///
/// Growth frees the old memory, and earlier buffers then dangle. No build checks this.
@safe
@frozen
public struct Scratch<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<Element>
    /// The number of elements that fit.
    @usableFromInline var room: Int

    /// Makes room for at least `capacity` elements.
    @inlinable
    public init(capacity: Int = 64) {
        room = max(capacity, 1)
        unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: room)
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    /// Makes room for `count` elements; the first `kept` survive, the others are undefined.
    ///
    /// - Complexity: O(1); O(kept), amortised, when it grows
    @inlinable @inline(__always)
    public mutating func reserve(_ count: Int, keeping kept: Int = 0) {
        if count > room { grow(to: max(count, room * 2), keeping: kept) }
    }

    /// A buffer of at least `count` undefined elements; valid until the next growth.
    ///
    /// - Complexity: O(1), amortised
    @inlinable @inline(__always)
    public mutating func buffer<Index: SlotIndex>(
        reserving count: Int, as _: Index.Type = Index.self
    ) -> UnsafeTypedBuffer<Index, Element> {
        reserve(count)
        return buffer()
    }

    /// A buffer that begins with `count` equal elements; valid until the next growth.
    ///
    /// - Complexity: O(count), amortised
    @inlinable
    public mutating func buffer<Index: SlotIndex>(
        repeating element: Element, count: Int, as _: Index.Type = Index.self
    ) -> UnsafeTypedBuffer<Index, Element> {
        let buffer = buffer(reserving: count, as: Index.self)
        unsafe buffer.fill(count, from: Index(0), with: element)
        return buffer
    }

    @usableFromInline @inline(never)
    mutating func grow(to room: Int, keeping kept: Int) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: room)
        unsafe larger.update(from: base, count: kept)
        unsafe base.deallocate()
        unsafe base = larger
        self.room = room
    }

    /// A buffer over the whole memory; valid until the next growth.
    @inlinable @inline(__always)
    public func buffer<Index: SlotIndex>(as _: Index.Type = Index.self) -> UnsafeTypedBuffer<Index, Element> {
        unsafe UnsafeTypedBuffer(unsafeBase: base, capacity: room)
    }
}
