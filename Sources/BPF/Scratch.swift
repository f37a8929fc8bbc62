/// Memory for one ``UnsafeTypedBuffer``, kept for the whole run and grown when a case needs more.
///
/// Growth frees the old memory: a buffer taken before dangles, which no build checks.
@safe
@frozen
public struct Scratch<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<Element>
    /// How many elements there is room for.
    @usableFromInline var room: Int

    /// Makes room for at least `capacity` elements.
    @inlinable
    public init(capacity: Int = 64) {
        room = max(capacity, 1)
        unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: room)
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    /// Makes room for `count` elements; the first `kept` survive, the others hold anything.
    ///
    /// - Complexity: O(1), amortised O(kept) when it grows
    @inlinable @inline(__always)
    public mutating func reserve(_ count: Int, keeping kept: Int = 0) {
        if count > room { grow(to: max(count, room * 2), keeping: kept) }
    }

    /// The memory as a buffer of at least `count` elements, which hold anything; valid until the next growth.
    ///
    /// - Complexity: O(1), amortised
    @inlinable @inline(__always)
    public mutating func buffer<Index: SlotIndex>(
        reserving count: Int, as _: Index.Type = Index.self
    ) -> UnsafeTypedBuffer<Index, Element> {
        reserve(count)
        return buffer()
    }

    /// The memory as a buffer of `count` elements of one value, and room for more; valid until the next growth.
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

    /// The memory as a buffer; valid until the next growth.
    @inlinable @inline(__always)
    public func buffer<Index: SlotIndex>(as _: Index.Type = Index.self) -> UnsafeTypedBuffer<Index, Element> {
        unsafe UnsafeTypedBuffer(unsafeBase: base, capacity: room)
    }
}
