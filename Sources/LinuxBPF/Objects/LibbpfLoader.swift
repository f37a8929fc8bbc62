import BPF
import CLibbpf
import Glibc
import Synchronization

/// Has libbpf prepare an object for loading and catches each program where it would go to the kernel.
///
/// libbpf appends subprograms and relocates calls only on the way to a load. Told to write a loader program
/// (`bpf_object__gen_loader`), it goes all that way without one `bpf` system call: it makes up descriptors, and writes
/// CO-RE relocations down instead of applying them. A handler for each section is called last, and is given `func_info`
/// and `line_info` as they are after subprograms were appended.
///
/// - Source: libbpf 1.1, `libbpf.h`: `bpf_object__gen_loader`, `libbpf_register_prog_handler`
enum LibbpfLoader {
    /// What became of one program.
    enum Outcome {
        case loaded(LoadedCode)
        case refused(program: String, message: String)
    }

    /// Why nothing of an object could be had.
    struct Refusal: Error {
        var message: String
    }

    /// Handlers and the printing function belong to the process; two loads at once would get each other's programs.
    private static let lock = Mutex(())

    /// The programs of an object, each loaded or refused, in the order of the object.
    ///
    /// - Parameters:
    ///   - bytes: the whole ELF file
    ///   - name: what libbpf calls the object in its messages
    /// - Throws: ``Refusal`` when libbpf does not open the object, or refuses each of its programs
    static func outcomes(of bytes: [UInt8], name: String) throws(Refusal) -> [Outcome] {
        try alone { () throws(Refusal) in try capturedOutcomes(of: bytes, name: name) }
    }

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

    /// What ``outcomes(of:name:)`` gives, for a caller who is ``alone(_:)``.
    static func capturedOutcomes(of bytes: [UInt8], name: String) throws(Refusal) -> [Outcome] {
        let (found, configuration) = unsafe try withObject(bytes, name) { object in
            unsafe (programs(of: object).map { unsafe Kind($0) }, Self.configuration(for: object))
        }
        if found.isEmpty { return [] }
        let catcher = Catcher()
        let handlers = catcher.register(for: found)
        defer { for handler in handlers { libbpf_unregister_prog_handler(handler) } }

        let whole = try load(bytes, name, configuration, only: nil, into: catcher)
        // What was caught is whole even if libbpf gave up afterwards.
        if catcher.caught.count == found.count { return catcher.caught.map { .loaded($0) } }

        // One program that libbpf refuses ends the load of all; each by itself tells the good from the bad.
        var outcomes: [Outcome] = []
        var isAnyLoaded = false
        for (index, kind) in found.enumerated() {
            let message = try load(bytes, name, configuration, only: index, into: catcher)
            if let code = catcher.caught.first {
                outcomes.append(.loaded(code))
                isAnyLoaded = true
            } else {
                outcomes.append(.refused(program: kind.name, message: message ?? "not loaded, for no stated reason"))
            }
        }
        if !isAnyLoaded, let whole { throw Refusal(message: whole) }
        return outcomes
    }

    /// Opens the object, prepares all programs or one of them for loading, and closes it; gives the reason of a failure.
    private static func load(
        _ bytes: [UInt8], _ name: String, _ configuration: String, only chosen: Int?, into catcher: Catcher
    ) throws(Refusal) -> String? {
        catcher.caught.removeAll()
        return unsafe try withObject(bytes, name, configuration) { object in
            let all = unsafe programs(of: object)
            for index in unsafe 0..<all.count {
                _ = unsafe bpf_program__set_autoload(all[index], chosen == nil || chosen == index)
            }
            unsafe keepMapsFromKernel(of: object)
            var options = unsafe gen_loader_opts()
            unsafe options.sz = MemoryLayout<gen_loader_opts>.size
            // libbpf keeps the address of the options until the load is over.
            return unsafe withUnsafeMutablePointer(to: &options) { options -> String? in
                // Without this the load would be a real one.
                let prepared = unsafe bpf_object__gen_loader(object, options)
                if prepared != 0 { return LibbpfLog.reason(code: prepared) }
                let result = unsafe bpf_object__load(object)
                return result == 0 ? nil : LibbpfLog.reason(code: result)
            }
        }
    }

    /// Takes from the maps what libbpf 1.1 would look for in the kernel even when it writes a loader program.
    private static func keepMapsFromKernel(of object: OpaquePointer) {
        var map = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            // A pinned map is looked up in, and pinned to, the BPF file system.
            _ = unsafe bpf_map__set_pin_path(current, nil)
            // The types of a struct_ops map are looked up in the kernel's BTF, which is not there: a crash.
            if unsafe bpf_map__type(current) == BPF_MAP_TYPE_STRUCT_OPS {
                _ = unsafe bpf_map__set_type(current, BPF_MAP_TYPE_ARRAY)
            }
            unsafe map = bpf_object__next_map(object, current)
        }
    }

    /// Opens an object from memory, and closes it when `body` is done.
    ///
    /// - Parameter configuration: values for `__kconfig` variables; without, those of the running kernel
    static func withObject<Value>(
        _ bytes: [UInt8], _ name: String, _ configuration: String? = "", _ body: (OpaquePointer) -> Value
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
                    return unsafe .success(body(object))
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

    /// What registering a handler for a program's section takes.
    struct Kind {
        var name: String
        var section: String
        var type: bpf_prog_type
        var attachType: bpf_attach_type

        init(_ program: OpaquePointer) {
            name = unsafe String(cString: bpf_program__name(program))
            section = unsafe String(cString: bpf_program__section_name(program))
            type = unsafe bpf_program__type(program)
            attachType = unsafe bpf_program__expected_attach_type(program)
            // libbpf loads nothing without a type, and a section that it does not know gives none.
            if type == BPF_PROG_TYPE_UNSPEC { type = BPF_PROG_TYPE_SOCKET_FILTER }
        }
    }
}
