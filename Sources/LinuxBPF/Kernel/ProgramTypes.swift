import BPF
import CLibbpf
import Glibc
import KernelModel

/// The BTF that programs and maps of this process are loaded with.
///
/// Types come first, in a fixed order, so that their ids are the same in every process. Functions follow, as many as
/// programs have had subprograms so far: `f0` with global linkage, and the others static, as callbacks must be.
///
/// - Source: `Documentation/bpf/btf.rst`; `kernel/bpf/verifier.c`, `check_btf_func`
struct ProgramTypes: ~Copyable {
    /// The descriptor of the BTF in the kernel.
    let descriptor: Int32
    /// The number of functions.
    let functionCount: UInt32
    /// The ids of the types and the text that loads refer to.
    let ids: Identifiers

    /// The id of `f0`; those of the others follow.
    var firstFunction: UInt32 { ids.firstFunction }

    /// Loads the types into the kernel.
    ///
    /// A kernel without BTF of its own refuses the tags of kptrs, and kernels from 6.2 to 6.5 refuse the nodes of later
    /// ones. The types are then loaded without these.
    ///
    /// - Throws: ``KernelError`` if the kernel refuses the plainest types too
    /// - Complexity: O(functions)
    /// - Source: 6.12 `kernel/bpf/btf.c`, `btf_parse_kptr`, which looks for the type in the kernel's BTF first
    init(functionCount: UInt32) throws(KernelError) {
        self.functionCount = functionCount
        (descriptor, ids) = try Self.loadLargest(functionCount)
    }

    private static func loadLargest(
        _ functionCount: UInt32
    ) throws(KernelError) -> (descriptor: Int32, ids: Identifiers) {
        var failure = KernelError(.types, code: EINVAL)
        for extent in Extent.allCases {
            do throws(KernelError) { return try load(functionCount, extent) } catch {
                if error.isOfEnvironment { throw error }
                failure = error
            }
        }
        throw failure
    }

    private static func load(
        _ functionCount: UInt32, _ extent: Extent
    ) throws(KernelError) -> (descriptor: Int32, ids: Identifiers) {
        guard let types = unsafe btf__new_empty() else { throw KernelError(.types, code: errno) }
        defer { unsafe btf__free(types) }
        let ids = unsafe try build(types, functionCount, extent)
        let code = LibbpfLog.capturing { unsafe btf__load_into_kernel(types) }
        if code != 0 { throw KernelError(.types, code: abs(code)) }
        // The object closes its descriptor when it is freed, and its memory is not needed any longer.
        let descriptor = unsafe fcntl(btf__fd(types), F_DUPFD_CLOEXEC, 3)
        if descriptor < 0 { throw KernelError(.types, code: errno) }
        return (descriptor, ids)
    }

    deinit { close(descriptor) }
}

extension ProgramTypes {
    /// The special types of map values, the largest set first.
    enum Extent: CaseIterable {
        case all
        /// Without lists and trees.
        case kptrs
        /// Without lists, trees and kptrs, whose fields are plain numbers.
        case plain
    }

    /// The ids of types, and the offset of a text.
    struct Identifiers: Equatable {
        /// The key of each map.
        var key: UInt32
        /// The values of the maps whose values have special fields.
        var values: [MapKind: UInt32]
        /// `file_name_off` and `line_off` of each line record: a text in the BTF.
        var lineText: UInt32
        var firstFunction: UInt32
    }

    /// Adds types to an empty BTF.
    ///
    /// - Throws: ``KernelError`` if libbpf refuses a type
    static func build(
        _ types: OpaquePointer, _ functionCount: UInt32, _ extent: Extent
    ) throws(KernelError) -> Identifiers {
        var builder = unsafe Builder(types)
        let int = builder.number("int", bytes: 4, isSigned: true)
        let word = builder.number("u64", bytes: 8, isSigned: false)
        let plain = builder.structure(
            "plain", bytes: LocalStructure.plain.size, [("first", word, 0), ("second", word, 8)])
        assert(plain == LocalStructure.plain.rawValue)
        let half = builder.number("u32", bytes: 4, isSigned: false)
        let count = builder.structure("bpf_refcount", bytes: 4, [("opaque", half, 0)])
        let counted = builder.structure(
            "counted", bytes: LocalStructure.counted.size, [("first", word, 0), ("count", count, 8)])
        assert(counted == LocalStructure.counted.rawValue)
        let listNode = builder.structure(
            "bpf_list_node", bytes: 24, [("opaque", builder.array(of: word, count: 3), 0)])
        let listItem = builder.structure(
            "list_item", bytes: LocalStructure.listItem.size,
            [("first", word, 0), ("node", listNode, LocalStructure.nodeOffset)])
        assert(listItem == LocalStructure.listItem.rawValue)
        let treeNode = builder.structure("bpf_rb_node", bytes: 32, [("opaque", builder.array(of: word, count: 4), 0)])
        let treeItem = builder.structure(
            "tree_item", bytes: LocalStructure.treeItem.size,
            [("first", word, 0), ("node", treeNode, LocalStructure.nodeOffset)])
        assert(treeItem == LocalStructure.treeItem.rawValue)
        let pair = builder.array(of: word, count: 2)
        let timer = builder.structure("bpf_timer", bytes: 16, [("opaque", pair, 0)])
        let rest = builder.array(of: word, count: 6)
        var values: [MapKind: UInt32] = [:]
        values[.timerArray] = builder.value("timer_value", [("timer", timer, 0), ("rest", rest, 16)])
        func pointer(_ name: String, _ tag: String) -> UInt32 {
            let pointer = extent == .plain ? word : builder.pointer(to: plain, tag: tag)
            return builder.value(name, [("first", word, 0), ("pointer", pointer, 8), ("rest", rest, 16)])
        }
        values[.kptrArray] = pointer("kptr_value", "kptr")
        values[.percpuKptrArray] = pointer("percpu_kptr_value", "percpu_kptr")
        let queue = builder.structure("bpf_wq", bytes: 16, [("opaque", pair, 0)])
        values[.workQueueArray] = builder.value("wq_value", [("queue", queue, 0), ("rest", rest, 16)])
        let storage = builder.value("storage_value", [("first", word, 0)])
        for kind in [MapKind.socketStorage, .taskStorage, .cgroupStorage] { values[kind] = storage }
        let lock = builder.structure("bpf_spin_lock", bytes: 4, [("val", half, 0)])
        let head = builder.structure("bpf_list_head", bytes: 16, [("opaque", pair, 0)])
        let root = builder.structure("bpf_rb_root", bytes: 16, [("opaque", pair, 0)])
        let collections = builder.value(
            "collection_value", [("lock", lock, 0), ("head", head, 8), ("root", root, 24)])
        values[.collectionArray] = collections
        if extent == .all {
            builder.tag("contains:list_item:node", member: 1, of: collections)
            builder.tag("contains:tree_item:node", member: 2, of: collections)
        }
        let lineText = builder.text("line")
        let prototype = builder.prototype(returning: int)
        let firstFunction = builder.functions(functionCount, prototype)
        if builder.failure != 0 { throw KernelError(.types, code: builder.failure) }
        return Identifiers(
            key: UInt32(max(int, 0)), values: values, lineText: lineText, firstFunction: firstFunction)
    }
}

extension ProgramTypes {
    /// Adds types one after the other, and keeps the first failure.
    @safe
    struct Builder {
        private let types: OpaquePointer
        /// The `errno` of the first type that could not be added; 0 while all could.
        var failure: Int32 = 0

        init(_ types: OpaquePointer) { unsafe self.types = types }

        /// Takes a result of libbpf: an id, or a negative `errno`.
        private mutating func take(_ result: Int32) -> Int32 {
            if result < 0 && failure == 0 { failure = -result }
            return result
        }

        mutating func number(_ name: String, bytes: Int, isSigned: Bool) -> Int32 {
            take(unsafe btf__add_int(types, name, bytes, isSigned ? Int32(BTF_INT_SIGNED) : 0))
        }

        mutating func array(of element: Int32, count: UInt32) -> Int32 {
            // The kernel does not look at the index beyond its type; the first type is a number.
            take(unsafe btf__add_array(types, 1, element, count))
        }

        /// A structure with members at offsets in bytes.
        mutating func structure(_ name: String, bytes: UInt32, _ members: [(name: String, type: Int32, at: UInt32)])
            -> Int32
        {
            let id = take(unsafe btf__add_struct(types, name, bytes))
            for member in members {
                _ = take(unsafe btf__add_field(types, member.name, member.type, member.at * 8, 0))
            }
            return id
        }

        /// The structure of a map's value, of 64 bytes.
        mutating func value(_ name: String, _ members: [(name: String, type: Int32, at: UInt32)]) -> UInt32 {
            UInt32(max(structure(name, bytes: 64, members), 0))
        }

        /// A pointer with a tag, which in BTF is a pointer to the tag.
        mutating func pointer(to type: Int32, tag: String) -> Int32 {
            let tagged = take(unsafe btf__add_type_tag(types, tag, type))
            return take(unsafe btf__add_ptr(types, tagged))
        }

        /// Adds a tag to a member of a structure.
        mutating func tag(_ text: String, member: Int32, of structure: UInt32) {
            _ = take(unsafe btf__add_decl_tag(types, text, Int32(structure), member))
        }

        mutating func prototype(returning type: Int32) -> Int32 { take(unsafe btf__add_func_proto(types, type)) }

        /// Adds functions `f0`, `f1` and so on, and returns the id of the first.
        mutating func functions(_ count: UInt32, _ prototype: Int32) -> UInt32 {
            var first: UInt32 = 0
            for number in 0..<count {
                let linkage = number == 0 ? BTF_FUNC_GLOBAL : BTF_FUNC_STATIC
                let id = take(unsafe btf__add_func(types, "f\(number)", linkage, prototype))
                if number == 0 { first = UInt32(max(id, 0)) }
            }
            return first
        }

        /// The offset of a text, which is added if it is missing.
        mutating func text(_ text: String) -> UInt32 { UInt32(max(take(unsafe btf__add_str(types, text)), 0)) }
    }
}
