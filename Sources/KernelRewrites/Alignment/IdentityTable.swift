import BPF
import Fuzzing
import Patching

/// What has to be looked at to tell whether an instruction stands in the result as it was.
enum IdentityRule: UInt8, BitwiseCopyable {
    /// Equal bits are enough, and nothing else is possible.
    case exact
    /// A jump: all but its offset.
    case jump
    /// A load or store: equal bits are enough where it is one of the stack.
    case memory
    /// It may have been rewritten, or stands changed in place.
    case other
}

/// The rule for each code.
struct IdentityTable: ~Copyable {
    static let shared = IdentityTable()

    private var storage = Scratch<IdentityRule>(capacity: 256)
    var row: UnsafeTypedBuffer<Slot, IdentityRule> { storage.buffer() }

    private init() {
        for code in UInt8.min...UInt8.max { unsafe row[Slot(Int(code))] = IdentityTable.rule(code) }
    }

    private static func rule(_ code: UInt8) -> IdentityRule {
        switch code & Opcode.classMask {
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            let operation = code & Opcode.operationMask
            if operation == Arithmetic.divide.rawValue || operation == Arithmetic.modulo.rawValue { return .other }
            return .exact
        case Opcode.jumpClass, Opcode.jump32Class:
            if code == Opcode.call || code == Opcode.mayGoto { return .other }
            return code == Opcode.exit ? .exact : .jump
        // The second slot of a wide load is looked at with the first.
        case Opcode.loadClass: return .memory
        default: return code == 0 ? .exact : .other
        }
    }
}

// Nothing is written to a table once it is filled.
extension IdentityTable: @unchecked Sendable {}
