import BPF
import KernelModel

/// Counts the calls of helpers and kernel functions in accepted programs.
struct CallCounter {
    private var helpers: [Int32: UInt64] = [:]
    private var functions: [String: UInt64] = [:]

    /// Counts the live calls of a program.
    ///
    /// - Parameter live: for each slot, true if it can be reached; `nil` if all can
    /// - Complexity: O(slots)
    mutating func add(_ program: LoadableProgram, live: [Bool]?) {
        let insns = program.program.insns
        for slot in insns.indices where insns[slot].code == Opcode.call && live?[slot] ?? true {
            switch insns[slot].src {
            case 0: helpers[insns[slot].imm, default: 0] += 1
            case Opcode.pseudoKernelFunction:
                let number = Int(insns[slot].imm)
                if program.kernelFunctions.indices.contains(number) {
                    functions[program.kernelFunctions[number], default: 0] += 1
                }
            default: break
            }
        }
    }

    /// Adds the counts to those of a campaign, and starts again from 0.
    mutating func move(to counts: inout KernelCounts) {
        for (number, count) in helpers { counts.helpers[HelperNumber.name(of: number), default: 0] += count }
        counts.kernelFunctions.merge(functions, uniquingKeysWith: +)
        self = CallCounter()
    }
}
