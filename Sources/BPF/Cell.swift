/// A value in memory of its own, to be changed through a constant.
///
/// The stored properties of a class are checked for overlapping access at run time, which costs more than a short loop.
/// A class that keeps its working memory in a cell behind a `let` pays nothing. The price is that the promise is the
/// owner's: two overlapping changes of one cell are not caught.
@safe
public struct Cell<Value: ~Copyable>: ~Copyable {
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
    @inlinable @inline(__always)
    public var value: Value {
        _read { yield unsafe address.pointee }
        nonmutating _modify { yield unsafe &address.pointee }
    }
}
