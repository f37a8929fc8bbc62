import BPF
import CLibbpf
import Glibc
import KernelModel

/// The BTF that programs and maps of this process are loaded with.
///
/// Types come first, in a fixed order, so that their ids are the same in every process; behind them stand as many functions
/// as programs have had subprograms so far, `f0` of global linkage and the others static, as a callback has to be.
///
/// - Source: `Documentation/bpf/btf.rst`; `kernel/bpf/verifier.c`, `check_btf_func`
struct ProgramTypes: ~Copyable {
    /// The descriptor of the BTF in the kernel.
    let descriptor: Int32
    /// How many functions there are.
    let functionCount: UInt32
    /// The id of `f0`; those of the others follow.
    let firstFunction: UInt32
    /// What `file_name_off` and `line_off` of each line record are: a text in the BTF.
    let lineText: UInt32
    /// The ids of the types of map keys and values.
    let key: UInt32
    let timerValue: UInt32
    let kptrValue: UInt32
    let percpuKptrValue: UInt32

    /// Builds the types and hands them to the kernel.
    ///
    /// - Throws: ``KernelError`` when the kernel will not have them
    /// - Complexity: O(functions)
    init(functionCount: UInt32) throws(KernelError) {
        guard let types = unsafe btf__new_empty() else { throw KernelError(.types, code: errno) }
        defer { unsafe btf__free(types) }
        var builder = unsafe Builder(types)
        let int = builder.number("int", bytes: 4, isSigned: true)
        let word = builder.number("u64", bytes: 8, isSigned: false)
        let plain = builder.structure("plain", bytes: 16, [("first", word, 0), ("second", word, 8)])
        assert(plain == LocalStructure.plain.rawValue)
        let half = builder.number("u32", bytes: 4, isSigned: false)
        let count = builder.structure("bpf_refcount", bytes: 4, [("opaque", half, 0)])
        let counted = builder.structure("counted", bytes: 16, [("first", word, 0), ("count", count, 8)])
        assert(counted == LocalStructure.counted.rawValue)
        let pair = builder.array(of: word, count: 2)
        let timer = builder.structure("bpf_timer", bytes: 16, [("opaque", pair, 0)])
        let kptr = builder.pointer(to: plain, tag: "kptr")
        let percpuKptr = builder.pointer(to: plain, tag: "percpu_kptr")
        let rest = builder.array(of: word, count: 6)
        let timerValue = builder.value("timer_value", [("timer", timer, 0), ("rest", rest, 16)])
        let kptrValue = builder.value(
            "kptr_value", [("first", word, 0), ("pointer", kptr, 8), ("rest", rest, 16)])
        let percpuKptrValue = builder.value(
            "percpu_kptr_value", [("first", word, 0), ("pointer", percpuKptr, 8), ("rest", rest, 16)])
        let lineText = builder.text("line")
        let prototype = builder.prototype(returning: int)
        let firstFunction = builder.functions(functionCount, prototype)
        if builder.failure != 0 { throw KernelError(.types, code: builder.failure) }
        let code = unsafe btf__load_into_kernel(types)
        if code != 0 { throw KernelError(.types, code: abs(code)) }
        // The object closes its descriptor when it is freed, and its memory is not needed for longer.
        let descriptor = unsafe fcntl(btf__fd(types), F_DUPFD_CLOEXEC, 3)
        if descriptor < 0 { throw KernelError(.types, code: errno) }
        self.descriptor = descriptor
        self.functionCount = functionCount
        self.firstFunction = firstFunction
        self.lineText = lineText
        self.timerValue = timerValue
        self.kptrValue = kptrValue
        self.percpuKptrValue = percpuKptrValue
        key = UInt32(max(int, 0))
    }

    deinit { close(descriptor) }
}

extension ProgramTypes {
    /// Adds types one after the other, and remembers the first failure.
    @safe
    struct Builder {
        private let types: OpaquePointer
        /// The `errno` of the first type that could not be added; 0 while all could.
        var failure: Int32 = 0

        init(_ types: OpaquePointer) { unsafe self.types = types }

        /// Takes what libbpf gave back: an id, or a negative `errno`.
        private mutating func take(_ result: Int32) -> Int32 {
            if result < 0 && failure == 0 { failure = -result }
            return result
        }

        mutating func number(_ name: String, bytes: Int, isSigned: Bool) -> Int32 {
            take(unsafe btf__add_int(types, name, bytes, isSigned ? Int32(BTF_INT_SIGNED) : 0))
        }

        mutating func array(of element: Int32, count: UInt32) -> Int32 {
            // The kernel asks for the type of an index and looks no further; the first type is a number.
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

        mutating func prototype(returning type: Int32) -> Int32 { take(unsafe btf__add_func_proto(types, type)) }

        /// Functions `f0` and on; gives the id of the first.
        mutating func functions(_ count: UInt32, _ prototype: Int32) -> UInt32 {
            var first: UInt32 = 0
            for number in 0..<count {
                let linkage = number == 0 ? BTF_FUNC_GLOBAL : BTF_FUNC_STATIC
                let id = take(unsafe btf__add_func(types, "f\(number)", linkage, prototype))
                if number == 0 { first = UInt32(max(id, 0)) }
            }
            return first
        }

        /// The offset of a text, put in if need be.
        mutating func text(_ text: String) -> UInt32 { UInt32(max(take(unsafe btf__add_str(types, text)), 0)) }
    }
}
