import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// The kernel's own view of the context.
    mutating func writeKernelContext() {
        add(.move(Register.first, Kept.context))
        addKernelCall("bpf_cast_to_kern_ctx")
    }

    /// Loads through an address without a type; a load that faults returns 0.
    mutating func writeReadOnlyCast() {
        add(.move(Register.first, Kept.value))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_rdonly_cast")
        let sizes: [4 of MemorySize] = [.byte, .half, .word, .double]
        add(.load(sizes[draws.below(4)], keptNumber(), from: 0, cell()))
        if draws.chance(1, of: 2) { add(.load(sizes[draws.below(4)], UInt8(draws.below(6)), from: 0, cell())) }
    }

    /// Makes an object of a structure of the program's own, and drops it.
    mutating func writeNewObject() {
        if plan.countsReferences && function.depth <= 3 && draws.chance(3, of: 8) { return writeCountedObject() }
        let isPercpu = plan.hasPercpuObjects && draws.chance(1, of: 4)
        writeNew(.plain, isPercpu ? "bpf_percpu_obj_new_impl" : "bpf_obj_new_impl")
        if !isPercpu { return writeDrop() }
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .next)
        add(.move(Register.first, 0))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_percpu_obj_drop_impl")
        border()
    }

    private mutating func writeNew(_ structure: LocalStructure, _ name: String = "bpf_obj_new_impl") {
        add(.assign(Register.first, structure.rawValue))
        add(.assign(Register.second, 0))
        addKernelCall(name)
    }

    /// Makes an object and inserts it into a list.
    mutating func writeListInsert() {
        writeInsert(.listItem, root: 8) { draft in
            draft.add(.assign(Register.third, 0))
            draft.add(.assign(4, 0))
            draft.addKernelCall(
                draft.draws.chance(1, of: 2) ? "bpf_list_push_front_impl" : "bpf_list_push_back_impl")
        }
    }

    /// Makes an object and inserts it into a tree, with a callback that compares.
    mutating func writeTreeInsert(_ callback: Int) {
        writeInsert(.treeItem, root: 24) { draft in
            draft.addFunction(Register.third, callback)
            draft.add(.assign(4, 0))
            draft.add(.assign(5, 0))
            draft.addKernelCall("bpf_rbtree_add_impl")
        }
    }

    /// Makes an object and inserts it under the lock of ``MapKind/collectionArray``.
    ///
    /// - Parameters:
    ///   - root: the offset of the list or tree in the value of the map
    ///   - call: writes the call; `r1` is the list or tree, and `r2` is the node
    private mutating func writeInsert(
        _ structure: LocalStructure, root: Int32, _ call: (inout ProgramDraft) -> Void
    ) {
        writeNew(structure)
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .next)
        add(.store(.double, to: Register.frame, -16, 0))
        addValue(Register.first, .collectionArray)
        add(.callHelper(HelperNumber.spinLock))
        addValue(Register.first, .collectionArray)
        add(.apply(.add, Register.first, root))
        add(.load(.double, Register.second, from: Register.frame, -16))
        add(.apply(.add, Register.second, 8))
        call(&self)
        addValue(Register.first, .collectionArray)
        add(.callHelper(HelperNumber.spinUnlock))
        border()
    }

    /// Sets the callback of a work queue.
    mutating func writeWorkQueue(_ callback: Int) {
        addValue(Register.first, .workQueueArray)
        addFunction(Register.second, callback)
        add(.assign(Register.third, 0))
        add(.assign(4, 0))
        addKernelCall("bpf_wq_set_callback_impl")
        mixResult(isSteady: false)
    }

    /// Makes a dynptr to the packet, whose function depends on the access to packets.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `specialize_kfunc`
    mutating func writePacketPointer() {
        add(.move(Register.first, Kept.context))
        add(.assign(Register.second, 0))
        add(.move(Register.third, Register.frame))
        add(.apply(.add, Register.third, -64))
        addKernelCall("bpf_dynptr_from_skb")
        mixResult(isSteady: false)
    }

    /// Makes an object with a reference count, acquires it again, and drops it twice.
    private mutating func writeCountedObject() {
        add(.assign(Register.first, LocalStructure.counted.rawValue))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_obj_new_impl")
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .next)
        add(.store(.double, to: Register.frame, -16, 0))
        add(.move(Register.first, 0))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_refcount_acquire_impl")
        add(.move(Register.first, 0))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_obj_drop_impl")
        add(.load(.double, Register.first, from: Register.frame, -16))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_obj_drop_impl")
        border()
    }

    /// Throws if a condition holds.
    mutating func writeException() {
        writeUndecided(.next)
        add(.assign(Register.first, plan.traits.returns == .anything ? marker() : 0))
        decide(.leaves)
        addKernelCall("bpf_throw")
        border()
    }

    // MARK: Tracing

    /// Gets the arguments, the result or the address of the traced function.
    mutating func writeFunctionArgument() {
        switch draws.below(4) {
        case 3:
            // Only fexit programs have a result; the others get an error.
            add(.move(Register.first, Kept.context))
            add(.move(Register.second, Register.frame))
            add(.apply(.add, Register.second, -16))
            add(.callHelper(HelperNumber.functionResult))
        case 0:
            add(.move(Register.first, Kept.context))
            add(.assign(Register.second, Int32(draws.below(2))))
            add(.move(Register.third, Register.frame))
            add(.apply(.add, Register.third, -16))
            add(.callHelper(HelperNumber.functionArgument))
        case 1:
            add(.move(Register.first, Kept.context))
            add(.callHelper(HelperNumber.functionArgumentCount))
        default:
            add(.move(Register.first, Kept.context))
            add(.callHelper(HelperNumber.functionAddress))
        }
        mixResult(isSteady: false)
    }

    /// Writes branch records to the value of the array.
    mutating func writeBranchSnapshot() {
        add(.move(Register.first, Kept.value))
        add(.assign(Register.second, 48))
        add(.assign(Register.third, 0))
        add(.callHelper(HelperNumber.branchSnapshot))
    }

    /// Loads through a pointer argument of the traced function, or through a pointer loaded from there.
    mutating func writeArgumentLoad() {
        // For a load through a trusted pointer the verifier searches all types for a name, which is slow.
        if plan.traits.argumentLoads > 1 && draws.below(32) != 0 {
            return plan.fragments.has(.readOnlyCast) ? writeReadOnlyCast() : writeMark()
        }
        for load in 0...plan.traits.argumentLoads {
            add(.load(.double, 0, from: load == 0 ? Kept.context : 0, 0))
        }
        for _ in 0..<draws.below(3) { add(.load(.double, 0, from: 0, 0)) }
    }
}
