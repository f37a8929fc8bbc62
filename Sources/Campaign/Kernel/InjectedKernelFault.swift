import BPF
import Foundation
import KernelModel

/// A fault that is injected into a kernel's results, to test that it is found. The kernel itself is left alone.
package enum InjectedKernelFault: String, CaseIterable, Codable, Sendable {
    /// A short backward jump of a program that grew lands one instruction too far ahead.
    case backJump = "back-jump"
    /// The last subprogram starts one slot late.
    case subprogramStart = "subprogram-start"
    /// The last of several line records is missing.
    case lineDropped = "line-dropped"
    /// As `back-jump`, but only in the first load of a program by a process.
    case once
    /// An instruction in the middle of the result has a code that no rewrite explains.
    case strange
    /// A program returns another value if it was loaded with the flags that rewrite it.
    case value
    /// Some loads end the process, as an oops of the kernel does.
    case crash
    /// Some loads hang.
    case hang

    /// Injects the fault into the result of a program.
    func inject(into result: inout Program, of program: LoadableProgram) {
        switch self {
        case .backJump where result.insns.count > program.program.insns.count,
            .once where result.insns.count > program.program.insns.count:
            for slot in result.insns.indices where result.insns[slot].isBackJump { result.insns[slot].off += 1 }
        case .subprogramStart where result.subprograms.count > 1:
            result.subprograms[result.subprograms.count - 1].start += 1
        case .lineDropped where result.lines.count > 1: result.lines.removeLast()
        case .strange where result.insns.count > program.program.insns.count:
            // No instruction that a program can hold has this code.
            result.insns[result.insns.count / 2].code = 0xf7
        default: break
        }
    }

    /// Injects the fault into the value that a program returned.
    func injected(into value: UInt32, of program: LoadableProgram) -> UInt32 {
        self == .value && program.flags.contains(.testRndHi32) ? value ^ 0x5_0000 : value
    }

    /// Ends this process, or hangs, for about one program in a hundred.
    func endProcess(for program: LoadableProgram) {
        if self != .crash && self != .hang { return }
        let bits = program.program.insns.reduce(UInt64(0)) { ($0 ^ $1.bits) &* 0x100_0000_01b3 }
        if bits >> 32 % 100 != 0 { return }
        // The parent reports the signal. A handler may return, so the signal is raised again.
        while true { if self == .crash { raise(SIGSEGV) } else { sleep(1) } }
    }
}

extension Instruction {
    /// True for a backward jump over more than one instruction, with an offset of 16 bits.
    fileprivate var isBackJump: Bool { jumpKind == .short && off < -2 }
}
