import BPF
import Foundation
import KernelModel
import LinuxBPF

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
    /// The instructions of the result have a code that no rewrite explains.
    case strange
    /// A program returns another value if it was loaded with the flags that rewrite it.
    case value
    /// Some loads end the process, as an oops of the kernel does.
    case crash
    /// Some loads hang.
    case hang
    /// The kernel's log has a warning about some loads.
    case warning
    /// Some programs are refused with a reason that no program can have.
    case refusal
    /// Some programs are refused with the words of a known fault.
    case knownRefusal = "known-refusal"
    /// Some programs in each block are refused as too complex.
    case complexity
    /// The probe of `bpf_loop` shows a bug of the verifier.
    case probeBug = "probe-bug"
    /// The probe of `bpf_loop` is refused.
    case probeRefusal = "probe-refusal"

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
            // No instruction that a program can hold has this code. One of them in a patch would be a wrong instruction.
            for slot in result.insns.indices { result.insns[slot].code = 0xf7 }
        default: break
        }
    }

    /// Injects the fault into the value that a program returned.
    func injected(into value: UInt32, of program: LoadableProgram) -> UInt32 {
        self == .value && program.flags.contains(.testRndHi32) ? value ^ 0x5_0000 : value
    }

    /// Returns true for about one program in a number of them.
    private static func isChosen(_ program: LoadableProgram, of whole: UInt64) -> Bool {
        let bits = program.program.insns.reduce(UInt64(0)) { ($0 ^ $1.bits) &* 0x100_0000_01b3 }
        return bits >> 32 % whole == 0
    }

    /// The refusal of about one program in some, before it is loaded; `nil` for the others.
    func refusal(of program: LoadableProgram) -> LoadRefusal? {
        switch self {
        case .refusal where Self.isChosen(program, of: 50):
            LoadRefusal(code: EINVAL, text: "R7 type=planted expected=none")
        case .knownRefusal where Self.isChosen(program, of: 50):
            LoadRefusal(code: EFAULT, text: "verifier bug: No program to jit at insn 7 (subprog < 0)")
        case .complexity where Self.isChosen(program, of: 8):
            LoadRefusal(code: E2BIG, text: "BPF program is too large. Processed 1000001 insn")
        default: nil
        }
    }

    /// Writes a warning to the kernel's log, for about one program in fifty.
    func complain(about program: LoadableProgram) {
        if self != .warning || !Self.isChosen(program, of: 50) { return }
        let line = "WARNING: CPU: 0 PID: \(getpid()) at kernel/bpf/core.c:1 \(Self.warningPlace)+0x1/0x2\n"
        guard let file = FileHandle(forWritingAtPath: "/dev/kmsg") else { return }
        try? file.write(contentsOf: Data(line.utf8))
        try? file.close()
    }

    /// The function in the injected warning.
    static let warningPlace = "bpf_planted_warning"

    /// Changes the answers to probes.
    package func inject(into facts: inout KernelFacts) {
        if self != .probeBug && self != .probeRefusal { return }
        let feature = KernelFeature.loop
        facts.features.remove(feature)
        facts.answers.removeAll { $0.probe == feature.rawValue }
        let isFault = self == .probeBug
        facts.answers.append(
            ProbeAnswer(
                probe: feature.rawValue, code: isFault ? EFAULT : EINVAL,
                line: isFault ? "verifier bug: planted in a probe" : "planted in a probe", isFault: isFault))
    }

    /// Ends this process, or hangs, for about one program in a hundred.
    func endProcess(for program: LoadableProgram) {
        if self != .crash && self != .hang { return }
        if !Self.isChosen(program, of: 100) { return }
        // The parent reports the signal. A handler may return, so the signal is raised again.
        while true { if self == .crash { raise(SIGSEGV) } else { sleep(1) } }
    }
}

extension Instruction {
    /// True for a backward jump over more than one instruction, with an offset of 16 bits.
    fileprivate var isBackJump: Bool { jumpKind == .short && off < -2 }
}
