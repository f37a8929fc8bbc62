/// A fixed number of values in one allocation, mutable through a `let`.
///
/// An array returns copies of its elements, which retains references; access in place retains nothing. Indices are
/// checked. As with ``UncheckedBox``, overlapping changes go unnoticed, so each use of an element is `unsafe`.
@safe
public struct UncheckedBoxes<Element: ~Copyable>: ~Copyable {
    @usableFromInline let address: UnsafeMutablePointer<Element>
    /// The number of values.
    public let count: Int

    /// Makes `count` values by a function of their index.
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

    /// The value at an index.
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
