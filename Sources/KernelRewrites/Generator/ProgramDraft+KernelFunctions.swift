import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// The kernel's own view of the context.
    mutating func writeKernelContext() {
        add(.move(Register.first, Kept.context))
        addKernelCall("bpf_cast_to_kern_ctx")
    }

    /// Loads through an address that may be anything, and that give 0 where nothing is.
    mutating func writeReadOnlyCast() {
        add(.move(Register.first, Kept.value))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_rdonly_cast")
        let sizes: [4 of MemorySize] = [.byte, .half, .word, .double]
        add(.load(sizes[draws.below(4)], keptNumber(), from: 0, cell()))
        if draws.chance(1, of: 2) { add(.load(sizes[draws.below(4)], UInt8(draws.below(6)), from: 0, cell())) }
    }

    /// Makes an object of a structure of the program's own, and gives it back.
    mutating func writeNewObject() {
        if plan.countsReferences && function.depth <= 3 && draws.chance(3, of: 8) { return writeCountedObject() }
        add(.assign(Register.first, LocalStructure.plain.rawValue))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_obj_new_impl")
        writeDrop()
    }

    /// Makes an object that is counted, takes it twice, and gives it back as often.
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

    /// Throws, where a condition holds.
    mutating func writeException() {
        writeUndecided(.next)
        add(.assign(Register.first, plan.traits.returns == .anything ? marker() : 0))
        decide(.leaves)
        addKernelCall("bpf_throw")
        border()
    }

    // MARK: Tracing

    /// Asks for arguments of the traced function.
    mutating func writeFunctionArgument() {
        switch draws.below(3) {
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

    /// Records of branches go where the array's value is.
    mutating func writeBranchSnapshot() {
        add(.move(Register.first, Kept.value))
        add(.assign(Register.second, 48))
        add(.assign(Register.third, 0))
        add(.callHelper(HelperNumber.branchSnapshot))
    }

    /// Loads through a pointer that the traced function got, or through one behind it.
    mutating func writeArgumentLoad() {
        // A load through what is trusted has the verifier search all types for a name, which takes longer than the rest.
        if plan.traits.argumentLoads > 1 && draws.below(32) != 0 {
            return plan.fragments.has(.readOnlyCast) ? writeReadOnlyCast() : writeMark()
        }
        for load in 0...plan.traits.argumentLoads {
            add(.load(.double, 0, from: load == 0 ? Kept.context : 0, 0))
        }
        for _ in 0..<draws.below(3) { add(.load(.double, 0, from: 0, 0)) }
    }
}
