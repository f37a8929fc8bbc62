import BPF
import Fuzzing
import Patching

/// Inlined map look-ups, by the type of the map.
///
/// - Source: 6.12 `kernel/bpf/arraymap.c`, `hashtab.c` and `net/xdp/xskmap.c`, `map_gen_lookup` of each type
enum MapShapes {
    /// Reads whichever look-up is there.
    static func lookup(_ start: ShapeReader) -> Shape {
        if start.next.code == Opcode.call { return hash(start) }
        return start.next.code == Opcode.load(.word) ? socket(start) : array(start)
    }

    /// A call of the table's own look-up, and from the entry to the value in it.
    private static func hash(_ start: ShapeReader) -> Shape {
        var reader = start
        let result = Register.result
        reader.take(anyImm: .callHelper(0))
        switch reader.next.off {
        case 1:
            reader.take(.jump(1, if: result, .equal, 0))
            reader.take(anyImm: .apply(.add, result, 0))
        case 2:
            reader.take(.jump(2, if: result, .equal, 0))
            reader.take(anyImm: .apply(.add, result, 0))
            reader.take(.load(.double, result, from: result, 0))
        case 3:
            reader.take(.jump(3, if: result, .equal, 0))
            reader.take(anyImm: .apply(.add, result, 0))
            reader.take(.load(.double, result, from: result, 0))
            reader.take(.percpuMove)
        case 4:
            reader.take(.jump(4, if: result, .equal, 0))
            let off = reader.next.off
            reader.take(.load(.byte, Register.first, from: result, off))
            reader.take(.jump(1, if: Register.first, .notEqual, 0))
            reader.take(.store(.byte, to: result, off, imm: 1))
            reader.take(anyImm: .apply(.add, result, 0))
        default: return .missing
        }
        return reader.shape(.mapLookup)
    }

    /// An array, of values, of maps or for each processor; without the right to speculate, the index is masked.
    private static func array(_ start: ShapeReader) -> Shape {
        var reader = start
        let result = Register.result
        reader.take(anyImm: .apply(.add, Register.first, 0))
        reader.take(.load(.word, result, from: Register.second, 0))
        let off = reader.next.off
        reader.take(anyImm: .jump(off, if: result, .greaterOrEqual, 0))
        var behindBound: Int16 = 0
        if reader.next.code == Opcode.and32 {
            reader.take(anyImm: .apply(.and, result, 0, is64: false))
            behindBound = 1
        }
        let isProduct = reader.next.code == Arithmetic.multiply.rawValue | Opcode.arithmeticClass
        reader.take(anyImm: .apply(isProduct ? .multiply : .shiftLeft, result, 0))
        reader.take(.apply(.add, result, register: Register.first))
        switch off - behindBound {
        case 3: break
        case 5:
            reader.take(.load(.double, result, from: result, 0))
            if reader.next.bits == Instruction.percpuMove.bits {
                reader.take(.percpuMove)
            } else {
                reader.take(.jump(1, if: result, .equal, 0))
            }
        default: return .missing
        }
        reader.take(.jump(1))
        reader.take(.assign(result, 0))
        return reader.shape(.mapLookup)
    }

    /// A map of XDP sockets.
    private static func socket(_ start: ShapeReader) -> Shape {
        var reader = start
        let result = Register.result
        reader.take(.load(.word, result, from: Register.second, 0))
        // 6.12 looks at 32 bits, 6.18 at 64.
        let is64 = reader.next.code & 7 == Opcode.jumpClass
        reader.take(anyImm: .jump(5, if: result, .greaterOrEqual, 0, is64: is64))
        reader.take(.apply(.shiftLeft, result, 3))
        reader.take(anyImm: .apply(.add, Register.first, 0))
        reader.take(.apply(.add, result, register: Register.first))
        reader.take(.load(.double, result, from: result, 0))
        reader.take(.jump(1))
        reader.take(.assign(result, 0))
        return reader.shape(.mapLookup)
    }
}

extension Opcode {
    /// `LDX|MEM` of a size.
    static func load(_ size: MemorySize) -> UInt8 { size.rawValue | memoryMode | loadClass }
    /// `ALU|AND|K`.
    static let and32: UInt8 = Arithmetic.and.rawValue | arithmetic32Class
}
