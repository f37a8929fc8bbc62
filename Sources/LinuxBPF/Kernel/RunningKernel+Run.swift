import BPF
import CLibbpf
import Glibc
import KernelModel

extension RunningKernel {
    /// The most runs of a program.
    package static let runLimit = 1000

    /// Runs a program on generated input, and returns the result of the last run.
    ///
    /// Only for programs that passed the check: the kernel runs a wrong one as well.
    ///
    /// - Parameters:
    ///   - data: the packet for program types that take one, of 14 bytes or more; others get a context of zeros
    ///   - count: the number of runs, from 1 to ``runLimit``; types that take no packet are run once
    /// - Throws: ``KernelError`` for a type that cannot be run this way
    /// - Source: `net/bpf/test_run.c`
    package func run(
        _ loaded: borrowing LoadedProgram, data: [UInt8], repeat count: Int
    ) throws(KernelError) -> UInt32 {
        precondition((1...Self.runLimit).contains(count), "\(count) runs")
        let input = RunInput(loaded.type)
        if input == .none {
            throw KernelError(
                .run, code: 0, "the kernel does not run programs of type \(loaded.type.name) by themselves")
        }
        var context = input.context
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = MemoryLayout<bpf_test_run_opts>.size
        let descriptor = loaded.descriptor
        let result = unsafe data.withUnsafeBytes { data in
            unsafe context.withUnsafeMutableBytes { context in
                if input == .packet {
                    unsafe options.data_in = data.baseAddress
                    unsafe options.data_size_in = UInt32(data.count)
                    unsafe options.repeat = Int32(count)
                } else {
                    unsafe options.ctx_in = UnsafeRawPointer(context.baseAddress)
                    unsafe options.ctx_size_in = UInt32(context.count)
                }
                return unsafe bpf_prog_test_run_opts(descriptor, &options)
            }
        }
        if result != 0 { throw KernelError(.run, code: errno) }
        return unsafe options.retval
    }
}

/// The input of `BPF_PROG_TEST_RUN` for a program type.
private enum RunInput {
    case packet
    /// A lookup of a socket for a connection without a listener.
    case lookup
    /// The arguments of a tracepoint.
    case arguments
    /// Memory from user space.
    case memory
    /// The type cannot be run this way.
    case none

    init(_ type: ProgramType) {
        self =
            switch type {
            case .socketFilter, .schedCLS, .schedACT, .xdp, .cgroupSKB, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local,
                .flowDissector, .netfilter:
                .packet
            case .skLookup: .lookup
            case .rawTracepoint, .rawTracepointWritable: .arguments
            case .syscall: .memory
            default: .none
            }
    }

    /// The context to pass; empty if the kernel makes it.
    var context: [UInt8] {
        switch self {
        case .packet, .none: return []
        case .arguments: return [UInt8](repeating: 0, count: 12 * 8)
        case .memory: return [UInt8](repeating: 0, count: 4096)
        case .lookup:
            var lookup = unsafe bpf_sk_lookup()
            unsafe lookup.family = UInt32(AF_INET)
            unsafe lookup.protocol = UInt32(IPPROTO_TCP)
            return unsafe withUnsafeBytes(of: &lookup) { unsafe Array($0) }
        }
    }
}
