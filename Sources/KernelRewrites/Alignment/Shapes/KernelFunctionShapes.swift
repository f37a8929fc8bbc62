import BPF
import Fuzzing
import Patching

/// Calls of kernel functions that take arguments which the program does not give, or do nothing but cast.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `fixup_kfunc_call`
enum KernelFunctionShapes {
    /// What the kernel makes of a call.
    enum Kind: UInt8, BitwiseCopyable {
        /// A move of the argument.
        case cast
        /// A size in `r1` and the description of a structure in `r2`.
        case new
        /// The description of a structure in `r2`.
        case release
        /// The description in `r3`, and where the node is in it in `r4`.
        case listPush
        /// The same one register further, behind a callback.
        case treeAdd
        /// The address of something of the program's own in some register, or nothing.
        case other
    }

    /// What is made of a call by name.
    static func kind(_ name: String) -> Kind {
        switch name {
        case "bpf_cast_to_kern_ctx", "bpf_rdonly_cast": .cast
        case "bpf_obj_new_impl", "bpf_percpu_obj_new_impl", "bpf_obj_new", "bpf_percpu_obj_new": .new
        case "bpf_obj_drop_impl", "bpf_percpu_obj_drop_impl", "bpf_refcount_acquire_impl", "bpf_obj_drop",
            "bpf_percpu_obj_drop", "bpf_refcount_acquire":
            .release
        case "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_push_front", "bpf_list_push_back":
            .listPush
        case "bpf_rbtree_add_impl", "bpf_rbtree_add": .treeAdd
        default: .other
        }
    }

    /// Reads what stands for a call, other than the call alone.
    static func call(_ insn: Instruction, _ kind: Kind, _ start: ShapeReader) -> Shape {
        var reader = start
        switch kind {
        case .cast:
            reader.take(.move(Register.result, Register.first))
            return reader.shape(.kernelFunction)
        case .new:
            reader.take(anyImm: .assign(Register.first, 0))
            reader.takeAddress(to: Register.second)
        case .release: reader.takeAddress(to: Register.second)
        case .listPush:
            reader.takeAddress(to: 3)
            reader.take(anyImm: .assign(4, 0))
        case .treeAdd:
            reader.takeAddress(to: 4)
            reader.take(anyImm: .assign(5, 0))
        case .other:
            let dst = start.next.dst
            if dst == 0 || dst > 5 { return .missing }
            reader.takeAddress(to: dst)
        }
        let keep = reader.count
        reader.take(anyImm: Instruction(code: insn.code, registers: insn.registers, off: insn.off, imm: 0))
        return reader.shape(.kernelFunction, keep: keep)
    }
}
