import BPF
import Fuzzing
import KernelModel

/// The map helpers whose function the kernel replaces by the one of the map type.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
extension ProgramDraft {
    /// Updates or deletes an element.
    mutating func writeMapChange() {
        let kinds: [8 of MapKind] = [
            .array, .hash, .lruHash, .percpuArray, .percpuHash, .lruPercpuHash, .singleArray, .hash,
        ]
        writeKey()
        let kind = kinds[draws.below(8)]
        if draws.chance(3, of: 8) {
            addMap(Register.first, kind)
            add(.callHelper(HelperNumber.mapDelete))
        } else {
            add(.move(Register.third, Kept.value))
            add(.assign(4, Int32(draws.below(3))))
            addMap(Register.first, kind)
            add(.callHelper(HelperNumber.mapUpdate))
        }
        mixResult(isSteady: false)
    }

    /// Pushes to, pops from or peeks at a queue or stack.
    mutating func writeMapQueue() {
        addMap(Register.first, draws.chance(1, of: 2) ? .queue : .stack)
        add(.move(Register.second, Kept.value))
        switch draws.below(3) {
        case 0:
            add(.assign(Register.third, Int32(draws.below(2)) * 2))
            add(.callHelper(HelperNumber.mapPush))
        case 1: add(.callHelper(HelperNumber.mapPop))
        default: add(.callHelper(HelperNumber.mapPeek))
        }
        mixResult(isSteady: false)
    }

    /// Looks up another processor's part of an element.
    mutating func writePercpuLookup() {
        let kinds: [3 of MapKind] = [.percpuArray, .percpuHash, .lruPercpuHash]
        writeKey()
        addMap(Register.first, kinds[draws.below(3)])
        if draws.chance(1, of: 2) {
            add(.load(.word, Register.third, from: Kept.value, cell()))
        } else {
            add(.assign(Register.third, Int32(draws.below(2))))
        }
        add(.callHelper(HelperNumber.mapLookupPercpu))
        writeUseOfValue()
    }

    /// Redirects a packet.
    mutating func writeRedirect() {
        addMap(Register.first, .devMap)
        add(.load(.word, Register.second, from: Kept.value, cell()))
        add(.assign(Register.third, Int32(draws.below(4))))
        add(.callHelper(HelperNumber.redirectMap))
        mixResult(isSteady: false)
    }

    // MARK: Tasks and local storage

    /// Gets the current task, as a number or as a pointer.
    mutating func writeCurrentTask() {
        if plan.hasKernelTypes && draws.chance(1, of: 2) {
            add(.callHelper(HelperNumber.currentTaskBTF))
        } else {
            add(.callHelper(HelperNumber.currentTask))
            mixResult(isSteady: false)
        }
    }

    /// Gets the storage of the packet's socket.
    mutating func writeSocketStorage() {
        add(.load(.double, Register.second, from: Kept.context, TypeTraits.socketField))
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass, dst: Register.second), .near)
        writeStorageCall(.socketStorage, HelperNumber.sockStorageGet)
        writeUseOfValue()
    }

    /// Gets the storage of the current task.
    mutating func writeTaskStorage() {
        add(.callHelper(HelperNumber.currentTaskBTF))
        add(.move(Register.second, 0))
        writeStorageCall(.taskStorage, HelperNumber.taskStorageGet)
        writeUseOfValue()
    }

    /// Gets the storage of a cgroup, which is acquired for that.
    mutating func writeCgroupStorage() {
        add(.assign(Register.first, 1))
        addKernelCall("bpf_cgroup_from_id")
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .next)
        add(.store(.double, to: Register.frame, -16, 0))
        add(.move(Register.second, 0))
        writeStorageCall(.cgroupStorage, HelperNumber.cgroupStorageGet)
        add(.load(.double, Register.first, from: Register.frame, -16))
        addKernelCall("bpf_cgroup_release")
        border()
    }

    /// Calls a helper of local storage, with the owner in `r2`.
    private mutating func writeStorageCall(_ kind: MapKind, _ helper: Int32) {
        addMap(Register.first, kind)
        add(.assign(Register.third, 0))
        add(.assign(4, Int32(draws.below(2))))
        add(.callHelper(helper))
    }
}
