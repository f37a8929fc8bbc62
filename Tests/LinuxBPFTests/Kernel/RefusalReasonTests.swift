import BPF
import Glibc
import KernelModel
import TestSupport
import Testing

@testable import LinuxBPF

@Suite("Programs that are not loaded", .serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct RefusalReasonTests {
    /// Subprograms, what they are loaded as, and what is said.
    static let programs: [(statements: [[String]], refusal: LoadRefusal)] = [
        ([["r0 = r5", "exit"]], LoadRefusal(code: 13, text: "R5 !read_ok")),
        ([["r0 = 0", "exit", "r0 = 1", "exit"]], LoadRefusal(code: 22, text: "unreachable insn 2")),
        ([["r1 = 99 ll {src=5}", "r0 = 0", "exit"]], LoadRefusal(code: 22, text: "no map of kind 99")),
        ([["call kfunc 0", "r0 = 0", "exit"]], LoadRefusal(code: 2, text: "no kernel function no_such_function")),
        ([["call kfunc 1", "r0 = 0", "exit"]], LoadRefusal(code: 22, text: "no kernel function of number 1")),
        (
            [["r0 = 0", "exit"], ["r0 = 0", "exit"]],
            LoadRefusal(code: 22, text: "number of funcs in func_info doesn't match number of subprogs")
        ),
    ]

    @Test("Each says why", arguments: programs.indices)
    func refusal(number: Int) throws {
        let kernel = try RunningKernel()
        let program = LoadableProgram(
            program: Program(statements: Self.programs[number].statements), kernelFunctions: ["no_such_function"])
        #expect(throws: Self.programs[number].refusal) { try kernel.result(of: program) }
    }

    @Test("The reason stands at the end of a log that is longer than what is kept")
    func longLog() throws {
        let kernel = try RunningKernel()
        let program = Program(
            statements: [["r1 = 0", "r1 += 1", "if r1 < 60000 goto -2", "r0 = r5", "exit"]])
        #expect(throws: LoadRefusal(code: 13, text: "R5 !read_ok")) {
            try kernel.result(of: LoadableProgram(program: program))
        }
    }

    @Test("Instructions that are withheld are an error, not an empty program")
    func withheld() throws {
        let kernel = try RunningKernel()
        guard case .loaded(let loaded) = kernel.load(FeatureProbe.program(of: .socketFilter)) else {
            Issue.record("not loaded")
            return
        }
        let nothing: Capabilities = []
        let read = try nothing.whileAlone { Result { try kernel.read(loaded) } }
        #expect(throws: KernelError.self) { try read.get() }
        #expect(try kernel.read(loaded).insns.count == 2)
    }
}

@Suite("The right to load programs", .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelRightsTests {
    /// The capabilities that a thread keeps, and what it is told is missing.
    static let lacks: [(kept: Capabilities, names: String?)] = [
        ([], "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN are missing"), ([.bpf, .netAdmin], "CAP_PERFMON is missing"),
        ([.perfmon, .bpf], "CAP_NET_ADMIN is missing"), ([.bpf, .perfmon, .netAdmin], nil), ([.sysAdmin], nil),
    ]

    @Test("One line says which capability is missing and how to get it", arguments: lacks.indices)
    func lack(number: Int) throws {
        let (kept, names) = Self.lacks[number]
        let made = try kept.whileAlone { Result { try RunningKernel() } }
        guard let names else {
            _ = try made.get()
            return
        }
        let error = #expect(throws: KernelError.self) { try made.get() }
        let text = error?.description ?? ""
        // Whoever is root already is not told to be.
        let way = geteuid() == 0 ? "run it with " : "run it as root, or once `setcap "
        #expect(text.hasPrefix("cannot use BPF: Operation not permitted; \(names): \(way)"), "\(text)")
        #expect(text.contains("--cap-add ") && !text.contains("\n"))
    }
}
