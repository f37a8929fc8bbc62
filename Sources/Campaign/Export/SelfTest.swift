import BPF
import Fuzzing
import KernelModel

/// A case of a kernel as a test for `tools/testing/selftests/bpf/progs/verifier_*.c`.
///
/// The test loads the program, and compares the rewritten program with `__xlated` lines, or the returned value with
/// `__retval`. If the kernel refused the program, the test is that it accepts it.
struct SelfTest {
    /// The C text.
    let text: String

    /// - Throws: ``ExportFault`` if such a test cannot load the program of the case, or cannot see its fault
    /// - Complexity: O(slots)
    init(_ c: Case) throws(ExportFault) {
        guard let program = c.loadable, let loading = c.loading else {
            throw ExportFault("it was not found in a kernel; 'export --format c' makes a C program of it")
        }
        let section = try Self.section(of: program)
        let name = Self.name(of: c)
        var lines = ["// SPDX-License-Identifier: GPL-2.0", "//"]
        lines += ExportComment.lines(of: c).map { "// " + $0 }
        lines += [
            "//",
            "// In prog_tests/verifier.c, with this file as progs/verifier_NAME.c: include verifier_NAME.skel.h, and",
            "// add void test_verifier_NAME(void) { RUN(verifier_NAME); }", "",
            "#include <linux/bpf.h>", "#include <bpf/bpf_helpers.h>", "#include \"../../../include/linux/filter.h\"",
            "#include \"bpf_misc.h\"", "",
        ]
        let insns = program.program.insns
        let starts = program.program.subprograms.map { Int($0.start) }
        try Self.checkOrder(insns, starts)
        func function(_ start: Int) -> String? { starts.firstIndex(of: start).map { $0 == 0 ? name : "\(name)_\($0)" } }
        // A function is declared before its first call.
        for number in starts.indices.dropFirst() { lines.append("static void \(name)_\(number)(void);") }
        if starts.count > 1 { lines.append("") }
        for number in starts.indices.reversed() {
            let end = number + 1 < starts.count ? starts[number + 1] : insns.count
            let code = try Code(insns, starts[number]..<end, function: function)
            if number > 0 {
                lines.append("static __naked __used void \(name)_\(number)(void)")
            } else {
                lines.append("SEC(\"\(section)\")")
                lines.append("__description(\(ExportComment.quoted(c.name.isEmpty ? c.sentence ?? name : c.name)))")
                lines.append("__arch_x86_64")
                lines += try Self.expectations(c, loading)
                lines.append("__naked void \(name)(void)")
            }
            lines += ["{", "\tasm volatile ("] + code.lines.map { "\t" + $0 }
            let operands = code.words.map { "__imm_insn(\($0.name), \(KernelMacro.raw($0.insn)))" }
            lines.append("\t:")
            lines.append("\t: " + operands.joined(separator: ",\n\t  "))
            lines += ["\t: __clobber_all);", "}", ""]
        }
        lines.append("char _license[] SEC(\"license\") = \"GPL\";")
        text = lines.map { $0 == "\t: " ? "\t:" : $0 }.joined(separator: "\n") + "\n"
    }

    /// A C name for the case.
    private static func name(of c: Case) -> String {
        let words = (c.bucket ?? "case").split { !$0.isASCII || !$0.isLetter && !$0.isNumber }
        let name = words.joined(separator: "_")
        return name.first?.isLetter == true ? name : "case_" + name
    }

    /// libbpf appends a subprogram at its first call, after those that earlier calls need.
    private static func checkOrder(_ insns: [Instruction], _ starts: [Int]) throws(ExportFault) {
        var order: [Int] = []
        var pending = [0]
        while let start = pending.popLast() {
            if order.contains(start) { continue }
            order.append(start)
            let end = starts.first { $0 > start } ?? insns.count
            let callees = (start..<end).compactMap { slot -> Int? in
                let kind = insns[slot].jumpKind
                return kind.isCall ? slot + 1 + insns[slot].jumpOffset(kind) : nil
            }
            pending += callees.reversed()
        }
        if order == starts { return }
        throw ExportFault(
            "libbpf would place its subprograms in another order; the C program of 'export --format c' loads it as it is"
        )
    }

    // MARK: Expectations

    /// The largest result of which all slots are compared.
    private static let mostSlots = 128

    private static func expectations(_ c: Case, _ loading: Case.Loading) throws(ExportFault) -> [String] {
        var lines: [String] = []
        if loading.flags.contains(.testRndHi32) { lines.append("__flag(BPF_F_TEST_RND_HI32)") }
        lines.append("__success")
        switch loading.seen {
        case .refusal: return lines
        case .value:
            guard case .value(let value, _)? = loading.must else {
                throw ExportFault("the right return value is not in its file")
            }
            return lines + ["__retval(\(value))"]
        case .target, .subprogram, .line:
            throw ExportFault("the selftests compare instructions, and its fault is in a table or an address")
        case .insn, .length, nil: break
        }
        var place: Int?
        if case .insn(let slot, _, _)? = loading.seen { place = slot }
        if let insns = expected(c) {
            let slots = insns.count <= mostSlots ? nil : place.map { max($0 - 4, 0)...min($0 + 4, insns.count - 1) }
            if insns.count <= mostSlots || slots != nil {
                return lines + xlated(insns, slots ?? 0...max(insns.count - 1, 0))
            }
        }
        if case .insn(let slot, let insn, let second)? = loading.must {
            return lines + [xlated(slot, insn, second)]
        }
        if loading.seen == nil && c.bucket.flatMap(Bucket.rule(of:)) == .error { return lines }
        throw ExportFault("the right instructions are not in its file")
    }

    /// The correct result by the rules, or that of the file.
    private static func expected(_ c: Case) -> [Instruction]? {
        if !c.passes.isEmpty, let history = try? CaseHistory(c),
            case .result(let insns?, _, _, _) = history.outcome(of: c)
        {
            return insns
        }
        if case .result(let insns?, _, _, _)? = c.expected { return insns }
        return nil
    }

    private static func xlated(_ insns: [Instruction], _ slots: ClosedRange<Int>) -> [String] {
        var lines: [String] = []
        var slot = 0
        while slot < insns.count {
            let second = slot + 1 < insns.count ? insns[slot + 1] : nil
            if slots.contains(slot) { lines.append(xlated(slot, insns[slot], second)) }
            slot += insns[slot].width
        }
        return lines
    }

    private static func xlated(_ slot: Int, _ insn: Instruction, _ second: Instruction?) -> String {
        // The disassembler of the selftests prints at most 63 bytes.
        "__xlated(\(ExportComment.quoted("\(slot): " + XlatedText.text(of: insn, second: second).prefix(55))))"
    }

    // MARK: Types of programs

    /// The section name that makes libbpf load the program with its type.
    private static func section(of program: LoadableProgram) throws(ExportFault) -> String {
        let sleepable = program.flags.contains(.sleepable) ? ".s" : ""
        if let target = program.attachTarget {
            let kinds: [UInt32: String] = [23: "tp_btf", 24: "fentry", 25: "fexit", 26: "fmod_ret", 27: "lsm"]
            if let kind = kinds[program.attachType] { return "\(kind)\(sleepable)/\(target)" }
        } else if let name = sections[program.type] {
            return name + sleepable
        }
        throw ExportFault("there is no section name for the type \(program.type.name) with its attach type")
    }

    private static let sections: [ProgramType: String] = [
        .socketFilter: "socket", .kprobe: "kprobe", .schedCLS: "tc", .schedACT: "action", .tracepoint: "tp",
        .xdp: "xdp", .perfEvent: "perf_event", .cgroupSKB: "cgroup/skb", .lwtIn: "lwt_in", .lwtOut: "lwt_out",
        .lwtXmit: "lwt_xmit", .sockOps: "sockops", .skSKB: "sk_skb", .cgroupDevice: "cgroup/dev", .skMsg: "sk_msg",
        .rawTracepoint: "raw_tp", .lwtSeg6local: "lwt_seg6local", .flowDissector: "flow_dissector",
        .cgroupSysctl: "cgroup/sysctl", .rawTracepointWritable: "raw_tp.w", .skLookup: "sk_lookup",
        .syscall: "syscall", .netfilter: "netfilter",
    ]
}
