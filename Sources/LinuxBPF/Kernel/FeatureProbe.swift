import BPF
import KernelModel

/// A small program that only a kernel with a feature accepts, or rewrites in the feature's way.
package struct FeatureProbe: Sendable {
    let feature: KernelFeature
    package let program: LoadableProgram
    /// Returns true if the program as it was read back shows the feature.
    let shows: @Sendable (_ result: Program) -> Bool

    /// The program that probes a feature or program type, by the name in ``ProbeAnswer/probe``.
    package static func program(named name: String) -> LoadableProgram? {
        if let probe = all.first(where: { $0.feature.rawValue == name }) { return probe.program }
        return ProgramType.allCases.first { $0.name == name }.map(program)
    }

    /// Makes a probe from the statements of each subprogram.
    private init(
        _ feature: KernelFeature, _ subprograms: [String]..., type: ProgramType = .schedCLS, attachType: UInt32 = 0,
        attachTarget: String? = nil, flags: LoadFlags = [],
        privilege: LoadPrivilege = .all, functions: [String] = [],
        shows: @escaping @Sendable (Program) -> Bool = { _ in true }
    ) {
        self.feature = feature
        self.shows = shows
        program = LoadableProgram(
            program: Program(statements: subprograms), type: type, attachType: attachType, attachTarget: attachTarget,
            flags: flags, privilege: privilege,
            kernelFunctions: functions)
    }

    /// Puts the address of a map's first value into `r0`, or skips some slots if there is none.
    private static func firstValue(of kind: MapKind, exit distance: Int) -> [String] {
        [
            "*(u32 *)(r10 - 4) = 0", "r2 = r10", "r2 += -4", "r1 = \(kind.rawValue) ll {src=5}", "call 1",
            "if r0 == 0 goto +\(distance)",
        ]
    }

    /// One probe for each feature that a program can show.
    static let all: [FeatureProbe] = [
        FeatureProbe(.addressableMaps, ["r1 = \(MapKind.singleArray.rawValue) ll {src=6}", "r0 = 0", "exit"]),
        FeatureProbe(.rndHi32, ["w1 = 5", "r0 = 0", "exit"], flags: .testRndHi32) { $0.insns.count > 3 },
        FeatureProbe(.pseudoFunction, ["r1 = subprog +3 ll", "r0 = 0", "exit"], ["r0 = 0", "exit"]),
        FeatureProbe(
            .loop, ["r1 = 1", "r2 = subprog +6 ll", "r3 = 0", "r4 = 0", "call 181", "r0 = 0", "exit"],
            ["r0 = 0", "exit"]),
        FeatureProbe(
            .timer,
            firstValue(of: .timerArray, exit: 4) + ["r1 = r0", "r2 = subprog +4 ll", "call 170", "r0 = 0", "exit"],
            ["r0 = 0", "exit"]),
        FeatureProbe(
            .kptr,
            ["r1 = \(LocalStructure.plain.rawValue)", "r2 = 0", "call kfunc 0", "if r0 == 0 goto +17", "r6 = r0"]
                + firstValue(of: .kptrArray, exit: 6) + ["r1 = r0", "r1 += 8", "r2 = r6"]
                + ["call 194", "r6 = r0", "if r0 == 0 goto +3", "r1 = r6", "r2 = 0", "call kfunc 1"]
                + ["r0 = 0", "exit"],
            functions: ["bpf_obj_new_impl", "bpf_obj_drop_impl"]),
        FeatureProbe(
            .percpuKptr,
            ["r1 = \(LocalStructure.plain.rawValue)", "r2 = 0", "call kfunc 0", "if r0 == 0 goto +3"]
                + ["r1 = r0", "r2 = 0", "call kfunc 1", "r0 = 0", "exit"],
            functions: ["bpf_percpu_obj_new_impl", "bpf_percpu_obj_drop_impl"]),
        FeatureProbe(
            .kernelFunctions, ["call kfunc 0", "call kfunc 1", "r0 = 0", "exit"],
            functions: ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"]),
        FeatureProbe(.gotol, ["r0 = 0", "gotol +0", "exit"]),
        FeatureProbe(.signedDivision, ["r0 = 6", "r1 = 3", "r0 s/= r1", "exit"]),
        FeatureProbe(.signExtension, ["r1 = 6", "r0 = (s8)r1", "r0 = bswap64 r0", "exit"]),
        FeatureProbe(.mayGoto, ["r0 = 0", "may_goto +1", "r0 = 1", "exit"]),
        FeatureProbe(.mayGotoNop, ["r0 = 0", "may_goto +0", "exit"]) { $0.insns.count == 2 },
        // The condition jumps back to the code that falls through to it. It never holds, but the check of the control
        // flow does not know that.
        FeatureProbe(.fallthroughCycles, ["r0 = 0", "goto +1", "r0 = 1", "if r0 == 5 goto -2", "exit"]),
        FeatureProbe(
            .fastcall, ["*(u64 *)(r10 - 8) = r1", "call 8", "r1 = *(u64 *)(r10 - 8)", "r0 = 0", "exit"]
        ) { result in !result.insns.contains { $0.code == 0x7b } },
        FeatureProbe(
            .loadAcquire, ["*(u64 *)(r10 - 8) = 1", "r0 = load_acquire((u64 *)(r10 - 8))", "exit"]),
        FeatureProbe(.loadAbsolute, ["r6 = r1", "r0 = *(u8 *)skb[14]", "exit"], type: .socketFilter),
        FeatureProbe(
            .typedTracepoint, ["r0 = 0", "exit"], type: .tracing, attachType: 23, attachTarget: "sys_enter"),
        FeatureProbe(.blinding, ["r0 = 77", "exit"]) { $0.insns.count > 2 },
        FeatureProbe(.rawDump, ["call 7", "r0 = 0", "exit"]) { $0.insns[0].imm != 0 },
        FeatureProbe(
            .speculationHardening, ["*(u64 *)(r10 - 8) = r1", "r0 = 0", "exit"], privilege: .bpf
        ) { $0.insns.count > 3 },
    ]
}

extension FeatureProbe {
    /// The smallest program of a type.
    static func program(of type: ProgramType) -> LoadableProgram {
        let attachType: UInt32 =
            switch type {
            case .cgroupSock: 2
            case .cgroupSockAddr: 8
            case .cgroupSockopt: 21
            case .tracing: 24
            case .lsm: 27
            case .skLookup: 36
            case .skReuseport: 39
            case .netfilter: 45
            default: 0
            }
        let target: String? =
            switch type {
            // An old function that every kernel has.
            case .tracing: "do_unlinkat"
            case .lsm: "file_open"
            default: nil
            }
        return LoadableProgram(
            program: Program(statements: [["r0 = 0", "exit"]]), type: type, attachType: attachType,
            attachTarget: target,
            flags: type == .syscall ? .sleepable : [])
    }
}

extension Program {
    /// Assembles the statements of each subprogram; distances are numbers.
    ///
    /// - Precondition: every statement is valid
    package init(statements: [[String]], lines: [LineRecord] = []) {
        var insns: [Instruction] = []
        var subprograms: [Subprogram] = []
        for (number, statements) in statements.enumerated() {
            subprograms.append(Subprogram(start: UInt32(insns.count), id: UInt32(number)))
            for text in statements {
                guard let statement = try? Assembler.statement(text) else {
                    preconditionFailure("no statement: \(text)")
                }
                insns.append(statement.insn)
                if let second = statement.secondSlot { insns.append(second) }
            }
        }
        self.init(insns: insns, subprograms: subprograms, lines: lines)
    }
}
