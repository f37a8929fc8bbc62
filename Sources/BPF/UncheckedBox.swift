/// A value in its own allocation, mutable through a `let`.
///
/// Swift checks stored properties of classes for overlapping access at run time, which costs more than a short loop. A
/// class avoids the check with a box in a `let`. The price: overlapping changes of one box go unnoticed, so each use is
/// `unsafe`.
@safe
public struct UncheckedBox<Value: ~Copyable>: ~Copyable {
    @usableFromInline let address: UnsafeMutablePointer<Value>

    /// Moves a value into a new allocation.
    @inlinable
    public init(_ value: consuming Value) {
        unsafe address = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe address.initialize(to: value)
    }

    @inlinable
    deinit {
        unsafe address.deinitialize(count: 1)
        unsafe address.deallocate()
    }

    /// The value.
    @unsafe @inlinable @inline(__always)
    public var value: Value {
        _read { yield unsafe address.pointee }
        nonmutating _modify { yield unsafe &address.pointee }
    }
}
