import BPF
import Foundation
import KernelModel

/// A fault that is made up on purpose, to see what a finding against the kernel looks like.
///
/// What the kernel gave is spoiled before it is checked; the kernel itself is left alone.
package enum InjectedKernelFault: String, CaseIterable, Codable, Sendable {
    /// A short backward jump of a program that grew lands one instruction too far ahead.
    case backJump = "back-jump"
    /// The last subprogram starts one slot late.
    case subprogramStart = "subprogram-start"
    /// The last of several line records is gone.
    case lineDropped = "line-dropped"
    /// As `back-jump`, but only in the first load of a program by a process.
    case once
    /// An instruction of the kernel's own has another code, which nobody can explain.
    case strange
    /// A program that is run returns another value with the flags that rewrite it.
    case value
    /// The process ends in the middle of some loads, as it does when a kernel gives up.
    case crash
    /// Some loads do not end.
    case hang

    /// Spoils what came back of a program.
    func spoil(_ result: inout Program, of program: LoadableProgram) {
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

    /// Spoils what a program returned.
    func spoil(_ value: UInt32, of program: LoadableProgram) -> UInt32 {
        self == .value && program.flags.contains(.testRndHi32) ? value ^ 0x5_0000 : value
    }

    /// Ends this process, or keeps it from going on, for about one program in a hundred.
    func endProcess(for program: LoadableProgram) {
        if self != .crash && self != .hang { return }
        let bits = program.program.insns.reduce(UInt64(0)) { ($0 ^ $1.bits) &* 0x100_0000_01b3 }
        if bits >> 32 % 100 != 0 { return }
        // The first signal is heard by whoever wants to know what ended this process.
        while true { if self == .crash { raise(SIGSEGV) } else { sleep(1) } }
    }
}

extension Instruction {
    /// Whether it is a jump backward over more than one instruction, with an offset of 16 bits.
    fileprivate var isBackJump: Bool { jumpKind == .short && off < -2 }
}
