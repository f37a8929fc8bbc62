import BPF
import KernelModel
import TestSupport

@testable import LinuxBPF

extension LoadingRight {
    /// True if programs are read back without blinded constants.
    static let isPlain = hardening != "2"
    static let need = "constants are blinded here: net.core.bpf_jit_harden is 2"

    /// `net.core.bpf_jit_harden`; empty where there is no such setting.
    static var hardening: String {
        let bytes = (try? HostFile.bytes(of: "/proc/sys/net/core/bpf_jit_harden")) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

extension RunningKernel {
    /// Loads a program that must be accepted, and reads it back.
    ///
    /// - Throws: the refusal
    func result(of program: LoadableProgram) throws -> Program {
        switch load(program) {
        case .loaded(let loaded): return try read(loaded)
        case .refused(let refusal): throw refusal
        }
    }
}
