/// Some values in memory of their own, each to be changed in place through a constant.
///
/// An array returns copies of its elements, which counts references; a loop over boxes counts nothing. Numbers are
/// checked. As with ``UncheckedBox``, overlapping changes are not, so each use of an element is `unsafe`.
@safe
public struct UncheckedBoxes<Element: ~Copyable>: ~Copyable {
    @usableFromInline let address: UnsafeMutablePointer<Element>
    /// How many values there are.
    public let count: Int

    /// Makes `count` values, one after the other.
    @inlinable
    public init(count: Int, _ make: (Int) -> Element) {
        self.count = count
        unsafe address = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        for number in 0..<count { unsafe (address + number).initialize(to: make(number)) }
    }

    @inlinable
    deinit {
        unsafe address.deinitialize(count: count)
        unsafe address.deallocate()
    }

    /// The value with a number.
    ///
    /// - Complexity: O(1)
    @unsafe @inlinable @inline(__always)
    public subscript(number: Int) -> Element {
        _read {
            precondition(number >= 0 && number < count)
            yield unsafe (address + number).pointee
        }
        nonmutating _modify {
            precondition(number >= 0 && number < count)
            yield unsafe &(address + number).pointee
        }
    }
}
