/// A value in memory of its own, to be changed through a constant.
///
/// The stored properties of a class are checked for overlapping access at run time, which costs more than a short loop.
/// A class that keeps its working memory in a box, itself a `let`, pays nothing. The price: no check catches two overlapping
/// changes of one box, so each use of the value is `unsafe`.
@safe
public struct UncheckedBox<Value: ~Copyable>: ~Copyable {
    @usableFromInline let address: UnsafeMutablePointer<Value>

    /// Puts a value in memory of its own.
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
