/// Some values in memory of their own, each to be used where it stands.
///
/// An array hands out copies of what it holds, which for references means counting them; a loop over a row of cells
/// counts nothing.
@safe
public struct CellRow<Element: ~Copyable>: ~Copyable {
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
    @inlinable @inline(__always)
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
