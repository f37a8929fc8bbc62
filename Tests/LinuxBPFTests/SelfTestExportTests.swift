import BPF
import Campaign
import Fuzzing
import LinuxBPF
import Testing

/// Tests for the kernel's selftests, compiled with headers that define the macros of the selftests.
@Suite("Exported selftests") struct SelfTestExportTests {
    private static func parsed(_ header: String, _ rest: String) throws -> Case {
        try CaseFile.parse("target: kernel\nbucket: kernel/x\n\(header)\nprogram\n\(rest)\n", file: "c")
    }

    private static func export(_ header: String, _ rest: String) throws -> String {
        try ExportFormat.selftest.text(of: parsed(header, rest), file: "c", name: "verifier_x.c")
    }

    private static let program = """
        .subprog 0
            r6 = r1
            r1 = 0x1122334455667788 ll
            w2 = 7
            r2 = *(u32 *)(r6 + 0)
            if w2 s> -3 goto L8
            *(u64 *)(r10 - 8) = r2
            *(u32 *)(r10 - 4) = 1
        L8: call L12
            r3 = L14 ll
            exit
        .subprog 1
        L12: may_goto L13
        L13: exit
        .subprog 2
        L14: r0 = 9
        \(String(repeating: "    r0 = 9\n", count: 19))
            call 7
            r0 s/= r1
            exit
        """

    /// The object has the instructions of the case.
    @Test("The program is that of the case", .enabled(if: Clang.isThere, Clang.need))
    func program() throws {
        let text = try Self.export("type: xdp\nseen: slot 0 r1 = 0\nmust: slot 0 r6 = r1", Self.program)
        let folder = try Scratch.folder()
        let macros = """
            #define SEC(name) __attribute__((section(name), used))
            #define __naked __attribute__((naked))
            #define __used __attribute__((used))
            #define __arch_x86_64
            #define __success
            #define __xlated(text) __attribute__((btf_decl_tag(text)))
            #define __description(text) __attribute__((btf_decl_tag(text)))
            #define __clobber_all "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory"
            #define __imm_insn(name, expr) [name]"i"(*(long *)&(expr))
            """
        let raw = """
            #define BPF_RAW_INSN(CODE, DST, SRC, OFF, IMM) \\
                ((struct bpf_insn){ .code = CODE, .dst_reg = DST, .src_reg = SRC, .off = OFF, .imm = IMM })
            """
        // The includes are relative to a folder three levels below.
        let source = text.replacing("#include \"bpf_misc.h\"", with: macros)
            .replacing("#include <bpf/bpf_helpers.h>", with: "")
            .replacing("#include \"../../../include/linux/filter.h\"", with: raw)
        let programs = try ObjectFile.load(Clang.compile(source, arguments: ["-g", "-I", folder]))
        let found = try #require(programs.first)
        #expect(programs.count == 1 && found.section == "xdp")
        let wanted = try Self.parsed("type: xdp\nseen: slot 0 r1 = 0", Self.program)
        #expect(found.program.insns == wanted.program.insns, "\(found.program)\n\(text)")
        #expect(found.program.subprograms.map(\.start) == wanted.program.subprograms.map(\.start))
    }

    /// The result by the rules is stated slot by slot, in the words of the kernel's disassembler.
    @Test("The right result is stated")
    func result() throws {
        let text = try Self.export(
            "type: socket_filter\nseen: slot 3 goto +0\nmust: slot 3 goto +1",
            """
                r1 = 2
                if r1 != 5 goto L3
                r1 += r1
            L3: exit
            pass
              replace 0 with
                w1 = -3
                r1 = *(u64 *)(r10 - 8)
                *(u16 *)(r10 + 4) = r5
                *(u8 *)(r10 - 1) = 7
                r0 = be32 r0
                r2 = -r2
                goto P7
              P7: r9 = (s8)r3
            """)
        for line in [
            "0: w1 = -3", "1: r1 = *(u64 *)(r10 -8)", "2: *(u16 *)(r10 +4) = r5", "3: *(u8 *)(r10 -1) = 7",
            "4: r0 = be32 r0", "5: r2 = -r2", "6: goto pc+0", "7: r9 = (s8)r3", "8: if r1 != 0x5 goto pc+1",
            "9: r1 += r1", "10: exit",
        ] { #expect(text.contains("__xlated(\"\(line)\")"), "\(line) is not in \(text)") }
        #expect(text.contains("SEC(\"socket\")") && text.contains("__success"))
    }

    @Test("A value and a refusal have tests of their own")
    func valuesAndRefusals() throws {
        let value = try Self.export(
            "type: xdp\nseen: value 3 with flags 4\nmust: value 5 with flags 4\nflags: 0x4", "  r0 = 5\n  exit")
        #expect(value.contains("__retval(5)") && value.contains("__flag(BPF_F_TEST_RND_HI32)"), "\(value)")
        let refusal = try Self.export("type: xdp\nseen: refusal \"verifier bug: x\"", "  r0 = 5\n  exit")
        #expect(refusal.contains("__success") && !refusal.contains("__xlated"), "\(refusal)")
    }

    @Test(
        "A program that libbpf would load in another form is refused",
        arguments: [
            (
                ".subprog 0\n  call L4\n  exit\n.subprog 1\nL2: r0 = 1\n  exit\n.subprog 2\nL4: call L2\n  exit",
                "another order"
            ),
            ("  insn 0x18 dst 1 src 5 off 0 imm 0\n  insn 0x00 dst 0 src 0 off 0 imm 0\n  exit", "address of a map"),
            ("  call kfunc 0\n  exit", "kernel function"),
        ])
    func refused(program: String, reason: String) {
        let error = #expect(throws: CampaignError.self) {
            try Self.export("type: xdp\nseen: slot 0 r1 = 0\nmust: slot 0 r1 = 1\nkfunc: bpf_x", program)
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
