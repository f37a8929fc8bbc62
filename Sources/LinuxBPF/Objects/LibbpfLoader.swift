import CLibbpf
import Glibc
import Synchronization

/// Objects in libbpf's memory.
///
/// - Source: libbpf 1.1, `libbpf.h`
enum LibbpfLoader {
    /// Why nothing of an object could be had.
    struct Refusal: Error {
        var message: String
        /// True if the object itself was not looked at.
        var isOfTarget = false
    }

    /// The printing function belongs to the process; two objects at once would mix their warnings.
    private static let lock = Mutex(())

    /// Runs `body` when nobody else in the process uses libbpf's objects, with libbpf's output kept.
    static func alone<Value: Sendable>(_ body: () throws(Refusal) -> Value) throws(Refusal) -> Value {
        try lock.withLock { _ throws(Refusal) in
            let result = LibbpfLog.capturing { () -> Result<Value, Refusal> in
                do throws(Refusal) {
                    return .success(try body())
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }
    }

    /// Opens an object from memory, and closes it when `body` is done.
    ///
    /// - Parameter configuration: values for `__kconfig` variables; without, those of the running kernel
    static func withObject<Value>(
        _ bytes: [UInt8], _ name: String, _ configuration: String? = "",
        _ body: (OpaquePointer) throws(Refusal) -> Value
    ) throws(Refusal) -> Value {
        LibbpfLog.clear()
        let opened = unsafe name.withCString { name in
            unsafe (configuration ?? "").withCString { text -> Result<Value, Refusal> in
                var options = unsafe bpf_object_open_opts()
                unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
                unsafe options.object_name = name
                if configuration != nil { unsafe options.kconfig = text }
                // libbpf reads sections out of these bytes until the load is over.
                return unsafe bytes.withUnsafeBytes { bytes in
                    guard let object = unsafe bpf_object__open_mem(bytes.baseAddress, bytes.count, &options) else {
                        return .failure(Refusal(message: LibbpfLog.reason(code: errno)))
                    }
                    defer { unsafe bpf_object__close(object) }
                    do throws(Refusal) { return unsafe .success(try body(object)) } catch { return .failure(error) }
                }
            }
        }
        return try opened.get()
    }

    /// The entry programs of an open object, without subprograms.
    static func programs(of object: OpaquePointer) -> [OpaquePointer] {
        var all: [OpaquePointer] = unsafe []
        var program = unsafe bpf_object__next_program(object, nil)
        while let current = unsafe program {
            unsafe all.append(current)
            unsafe program = bpf_object__next_program(object, current)
        }
        return unsafe all
    }

    /// A program of an open object.
    struct Kind {
        var name: String
        var section: String

        init(_ program: OpaquePointer) {
            name = unsafe String(cString: bpf_program__name(program))
            section = unsafe String(cString: bpf_program__section_name(program))
        }
    }
}
