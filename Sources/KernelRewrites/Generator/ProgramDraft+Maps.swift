import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// The stack slot of keys.
    private static let keyPlace: Int16 = -8

    /// Writes a key to the stack that may or may not be in a map, and its address to `r2`.
    mutating func writeKey() {
        add(.move(Register.second, Register.frame))
        add(.apply(.add, Register.second, Int32(ProgramDraft.keyPlace)))
        if draws.chance(1, of: 2) {
            // Beyond every map.
            add(
                Instruction(
                    code: Opcode.memoryMode | Opcode.storeImmediateClass, dst: Register.frame,
                    off: ProgramDraft.keyPlace, imm: marker()))
            return
        }
        add(.load(.word, Register.third, from: Kept.value, cell()))
        if draws.chance(5, of: 8) { add(.apply(.and, Register.third, 3)) }
        add(.store(.word, to: Register.frame, ProgramDraft.keyPlace, Register.third))
    }

    private mutating func lookupKind() -> MapKind {
        let kinds: [8 of MapKind] = [
            .array, .array, .hash, .lruHash, .percpuArray, .percpuHash, .lruPercpuHash, .singleArray,
        ]
        return kinds[draws.below(8)]
    }

    mutating func writeMapLookup() {
        writeKey()
        addMap(Register.first, lookupKind())
        add(.callHelper(HelperNumber.mapLookup))
        writeUseOfValue()
    }

    /// Uses a value that was found, or ignores it.
    mutating func writeUseOfValue() {
        if draws.chance(1, of: 4) { return }
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), draws.chance(1, of: 2) ? .near : .later)
        switch draws.below(3) {
        case 0: add(.load(.word, keptNumber(), from: 0, cell()))
        case 1 where !isRunnable: add(.store(.double, to: 0, cell(), keptNumber()))
        default:
            add(.load(.double, 0, from: 0, cell()))
            mixResult()
        }
    }

    /// A look-up that is a jump target, with its arguments set up elsewhere.
    mutating func writeJumpIntoCall() {
        writeKey()
        let kind = lookupKind()
        addMap(Register.first, kind)
        writePlainCondition(.next)
        let condition = count - 1
        jumps.removeLast()
        addMap(Register.first, kind)
        aim(condition, at: count)
        add(.callHelper(HelperNumber.mapLookup))
        writeUseOfValue()
    }

    /// A look-up in a map of maps, and in the map that was found.
    mutating func writeOuterMapLookup() {
        writeKey()
        addMap(Register.first, draws.chance(1, of: 2) ? .arrayOfMaps : .hashOfMaps)
        add(.callHelper(HelperNumber.mapLookup))
        if draws.chance(1, of: 4) { return }
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .near)
        add(.move(Register.first, 0))
        add(.move(Register.second, Register.frame))
        add(.apply(.add, Register.second, Int32(ProgramDraft.keyPlace)))
        add(.callHelper(HelperNumber.mapLookup))
        writeUseOfValue()
    }

    mutating func writeTailCall() {
        add(.move(Register.first, Kept.context))
        addMap(Register.second, .progArray)
        add(
            draws.chance(1, of: 2)
                ? .assign(Register.third, Int32(draws.below(4))) : .move(Register.third, keptNumber()))
        if draws.chance(3, of: 16) { writeAlternative(.assign(Register.third, Int32(draws.below(4)))) }
        add(.callHelper(HelperNumber.tailCall))
    }

    /// Takes an object out of a map, and drops it.
    mutating func writeKptrExchange() {
        addValue(Register.first, .kptrArray)
        add(.apply(.add, Register.first, 8))
        add(.assign(Register.second, 0))
        add(.callHelper(HelperNumber.kptrExchange))
        writeDrop()
    }

    /// Drops the object in `r0`, if there is one.
    mutating func writeDrop() {
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .next)
        add(.move(Register.first, 0))
        add(.assign(Register.second, 0))
        addKernelCall("bpf_obj_drop_impl")
        border()
    }

    /// Finds one processor's part of a per-CPU object.
    mutating func writePercpuPointer() {
        addValue(Register.first, .percpuKptrArray)
        add(.load(.double, Register.first, from: Register.first, 8))
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass, dst: Register.first), .near)
        if draws.chance(1, of: 2) {
            add(.assign(Register.second, Int32(draws.below(2))))
            add(.callHelper(HelperNumber.percpuPointer))
            add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass), .near)
        } else {
            add(.callHelper(HelperNumber.thisPercpuPointer))
        }
        if draws.chance(1, of: 2) { add(.load(.double, keptNumber(), from: 0, Int16(draws.below(2) * 8))) }
    }

    // MARK: Speculation

    /// Adds a number with a known bound to an address.
    mutating func writeBoundedPointer() {
        add(.load(.word, Register.first, from: Kept.value, cell()))
        add(.apply(.and, Register.first, 31))
        add(.move(0, Kept.value))
        add(.apply(.add, 0, register: Register.first))
        add(.load(.byte, 0, from: 0, Int16(draws.below(32))))
        mixResult()
    }

    /// Saves an address on the stack.
    mutating func writePointerSpill() {
        add(.store(.double, to: Register.frame, -16, draws.chance(1, of: 2) ? Kept.value : Register.frame))
        if draws.chance(1, of: 2) { add(.load(.double, UInt8(draws.below(6)), from: Register.frame, -16)) }
    }
}
