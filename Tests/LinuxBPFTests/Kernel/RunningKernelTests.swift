import BPF
import KernelModel
import KernelRewrites
import TestSupport
import Testing

@testable import LinuxBPF

@Suite(
    "The running kernel", .serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"),
    .enabled(if: LoadingRight.isPlain, "\(LoadingRight.need)"))
struct RunningKernelTests {
    let kernel: RunningKernel

    init() throws { kernel = try RunningKernel() }

    @Test("Subprograms and lines come back with the ids they went in with")
    func records() throws {
        let program = Program(
            statements: [["r1 = 5", "call +2", "goto +0", "exit"], ["r0 = 77", "exit"]],
            lines: [0, 2, 3, 4, 5].enumerated().map { LineRecord(insnOff: $1, id: UInt32($0)) })
        let result = try kernel.result(of: LoadableProgram(program: program))
        #expect(result.insns.count == 5)
        #expect(result.aux == [0, 0, 0, 0, 0])
        #expect(result.subprograms == [Subprogram(start: 0, id: 0), Subprogram(start: 3, id: 1)])
        // The line of the jump went with it: the next instruction has one of its own.
        #expect(result.lines == [(0, 0), (2, 2), (3, 3), (4, 4)].map { LineRecord(insnOff: $0, id: $1) })
    }

    @Test("Programs larger than the buffers come back whole, before and after small ones")
    func growth() throws {
        let rest = 100
        let large = Program(
            statements: [(0..<6000).map { "r0 = \($0)" } + (0..<rest).map { "call +\(rest + 2 * $0 - $0)" } + ["exit"]]
                + (0..<rest).map { ["r0 = \($0)", "exit"] },
            lines: (0..<6000).map { LineRecord(insnOff: $0, id: $0) }
                + (0..<100).map { LineRecord(insnOff: 6101 + 2 * $0, id: 6000 + $0) })
        let small = LoadableProgram(program: Program(statements: [["r0 = 3", "exit"]]))
        var result = try kernel.result(of: small)
        #expect(result.insns == small.program.insns)
        switch kernel.load(LoadableProgram(program: large)) {
        case .refused(let refusal): Issue.record("\(refusal)")
        case .loaded(let loaded):
            try kernel.read(loaded, into: &result)
            #expect(result.insns.count == large.insns.count)
            #expect(result.insns.prefix(6000) == large.insns.prefix(6000))
            #expect(result.subprograms == large.subprograms)
            #expect(result.lines == large.lines)
        }
        #expect(try kernel.result(of: small).insns == small.program.insns)
    }

    @Test("Each kind of map is made once, and found in the program", arguments: MapKind.allCases)
    func map(kind: MapKind) throws {
        let program = LoadableProgram(
            program: Program(statements: [["r1 = \(kind.rawValue) ll {src=5}", "r0 = 0", "exit"]]), type: .schedCLS)
        let first = try kernel.result(of: program)
        #expect(first.insns[0].src == 1)
        #expect(first.insns[0].imm == kind.rawValue)
        #expect(try kernel.result(of: program).insns == first.insns)
    }

    @Test("A value of the map with one entry is addressed directly")
    func mapValue() throws {
        let program = Program(
            statements: [["r1 = \(MapKind.singleArray.rawValue) ll {src=6 next_imm=8}", "r0 = 0", "exit"]])
        let result = try kernel.result(of: LoadableProgram(program: program))
        #expect(result.insns[0].src == 2)
        #expect(result.insns[1].imm == 8)
        #expect(result.insns[0].imm == MapKind.singleArray.rawValue)
    }

    @Test("More subprograms than the BTF has make a larger one, and maps of its types are made again")
    func moreSubprograms() throws {
        guard let probe = FeatureProbe.all.first(where: { $0.feature == .kptr }),
            try kernel.facts.features.contains(.kptr)
        else { return }
        _ = try kernel.result(of: probe.program)
        let many = Program(
            statements: [(0..<300).map { "call +\(300 + $0)" } + ["exit"]] + (0..<300).map { _ in ["r0 = 0", "exit"] })
        // No kernel so far takes as many.
        _ = kernel.load(LoadableProgram(program: many))
        _ = try kernel.result(of: probe.program)
    }

    @Test("Upper halves that nobody reads are filled when the flag asks for it")
    func randomHalves() throws {
        var program = LoadableProgram(program: Program(statements: [["w1 = 5", "r0 = 0", "exit"]]))
        #expect(try kernel.result(of: program).insns == program.program.insns)
        program.flags = .testRndHi32
        var insns = try kernel.result(of: program).insns
        // The random number itself.
        insns[1].imm = 0
        let expected = Program(
            statements: [["w1 = 5", "r11 = 0", "r11 <<= 32", "r1 |= r11", "r0 = 0", "exit"]])
        #expect(insns == expected.insns)
    }

    @Test("What is loaded with CAP_BPF alone is hardened, and the capabilities come back")
    func lessPrivilege() throws {
        let before = Capabilities.effective
        var program = LoadableProgram(program: Program(statements: [["*(u64 *)(r10 - 8) = r1", "r0 = 0", "exit"]]))
        #expect(try kernel.result(of: program).insns == program.program.insns)
        program.privilege = .bpf
        let hardened = try kernel.result(of: program).insns
        #expect(hardened == [program.program.insns[0], Instruction(code: 0xc2)] + program.program.insns[1...])
        #expect(Capabilities.effective == before)
        // What is loaded with less trust shows as much of the kernel.
        program.program = Program(statements: [["call 7", "r0 = 0", "exit"]])
        let shown = try kernel.result(of: program).insns
        program.privilege = .all
        #expect(try kernel.result(of: program).insns == shown)
    }

    @Test("Kernel functions and attach targets are named and become ids")
    func names() throws {
        let call = Program(statements: [["call kfunc 1", "call kfunc 0", "r0 = 0", "exit"]])
        let functions = ["bpf_rcu_read_unlock", "bpf_rcu_read_lock"]
        if try kernel.facts.functions.isSuperset(of: functions) {
            let program = LoadableProgram(program: call, type: .schedCLS, kernelFunctions: functions)
            #expect(try kernel.result(of: program).insns.count == 4)
        }
        if try kernel.facts.features.contains(.typedTracepoint) {
            var program = LoadableProgram(
                program: Program(statements: [["r0 = *(u64 *)(r1 + 8)", "r0 = 0", "exit"]]), type: .tracing,
                attachType: 23, attachTarget: "sys_enter")
            #expect(try kernel.result(of: program).insns.count == 3)
            program.attachTarget = "no_such_tracepoint"
            #expect(throws: LoadRefusal(code: 2, text: "no attach target no_such_tracepoint")) {
                try kernel.result(of: program)
            }
        }
    }

    @Test("Memory of a program's own structures is had by the numbers of these", arguments: LocalStructure.allCases)
    func structures(structure: LocalStructure) throws {
        let functions = ["bpf_obj_new_impl", "bpf_obj_drop_impl", "bpf_refcount_acquire_impl"]
        guard try kernel.facts.functions.isSuperset(of: functions) else { return }
        let acquire =
            structure == .counted
            ? ["r1 = r6", "r2 = 0", "call kfunc 2", "if r0 == 0 goto +3", "r1 = r0", "r2 = 0", "call kfunc 1"] : []
        let statements =
            [
                "r1 = \(structure.rawValue)", "r2 = 0", "call kfunc 0", "if r0 == 0 goto +\(4 + acquire.count)",
                "r6 = r0",
            ]
            + acquire + ["r1 = r6", "r2 = 0", "call kfunc 1", "r0 = 0", "exit"]
        let program = LoadableProgram(
            program: Program(statements: [statements]), type: .schedCLS, kernelFunctions: functions)
        // Each call takes hidden arguments: the size before a new one, the type of the memory before the others.
        let added = structure == .counted ? 3 + 2 + 2 + 2 : 3 + 2
        #expect(try kernel.result(of: program).insns.count == statements.count + added)
    }

    @Test("A program runs and returns what it should; a type without runs says so")
    func run() throws {
        let program = Program(statements: [["r0 = 7", "exit"]])
        let packet = [UInt8](repeating: 0, count: 64)
        guard case .loaded(let loaded) = kernel.load(LoadableProgram(program: program)) else {
            Issue.record("not loaded")
            return
        }
        #expect(try kernel.run(loaded, data: packet, repeat: 3) == 7)
        guard case .loaded(let probe) = kernel.load(LoadableProgram(program: program, type: .kprobe)) else { return }
        #expect(throws: KernelError.self) { try kernel.run(probe, data: packet, repeat: 1) }
    }
}
