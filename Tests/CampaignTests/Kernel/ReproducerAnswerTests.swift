import BPF
import Foundation
import Fuzzing
import Testing

@testable import Campaign

/// True if a program that includes libbpf's headers can be compiled.
private let canCompile = ["/usr/bin/cc", "/usr/include/bpf/bpf.h", "/usr/include/bpf/btf.h"].allSatisfy {
    FileManager.default.fileExists(atPath: $0)
}

/// The C programs beside findings, on a simulated kernel: their answer follows from the result alone.
@Suite(.enabled(if: canCompile, "no C compiler with libbpf's headers"))
struct ReproducerAnswerTests {
    /// A libbpf that loads any program, and reads another one back.
    ///
    /// - Parameter rewritten: the value that a program returns with the flags that rewrite it; 0x12 is right
    private static func library(_ program: Program, rewritten: UInt32) -> String {
        func list(_ words: [String]) -> String { words.isEmpty ? "0" : words.joined(separator: ", ") }
        return """
            #include <linux/bpf.h>
            #include <stddef.h>
            #include <string.h>
            static const __u64 insns[] = { \(list(program.insns.map { "\($0.bits)ULL" })) };
            static const __u32 starts[] = { \(list(program.subprograms.map { "\($0.start)" })) };
            static const __u32 numbers[] = { \(list(program.subprograms.map { "\($0.id)" })) };
            static const __u32 places[] = { \(list(program.lines.map { "\($0.insnOff)" })) };
            static const __u32 ids[] = { \(list(program.lines.map { "\($0.id)" })) };
            unsigned libbpf_flags(void *options);
            unsigned *libbpf_value(void *options);
            static unsigned flags;
            int bpf_prog_load(int t, void *n, void *l, void *i, size_t c, void *o)
            {
                flags = libbpf_flags(o);
                return 7;
            }
            int bpf_prog_test_run_opts(int fd, void *o)
            {
                *libbpf_value(o) = flags ? 0x\(String(rewritten, radix: 16)) : 0x12;
                return 0;
            }
            int bpf_obj_get_info_by_fd(int fd, void *p, __u32 *len)
            {
                struct bpf_prog_info *info = p;
                for (unsigned i = 0; i < info->nr_func_info; i++) {
                    struct bpf_func_info *function = (struct bpf_func_info *)(unsigned long)info->func_info + i;
                    function->insn_off = starts[i];
                    function->type_id = numbers[i] + 1;
                }
                for (unsigned i = 0; i < info->nr_line_info; i++) {
                    struct bpf_line_info *line = (struct bpf_line_info *)(unsigned long)info->line_info + i;
                    line->insn_off = places[i];
                    line->line_col = (ids[i] + 1) << 10;
                }
                if (info->xlated_prog_insns)
                    memcpy((void *)(unsigned long)info->xlated_prog_insns, insns, info->xlated_prog_len);
                info->xlated_prog_len = \(program.insns.count * 8);
                info->nr_func_info = \(program.subprograms.count);
                info->nr_line_info = \(program.lines.count);
                return 0;
            }
            int bpf_map_create(int t, void *n, int k, int v, int m, void *o) { return 8; }
            void *btf__new_empty(void) { return (void *)1; }
            void *btf__load_vmlinux_btf(void) { return (void *)1; }
            int btf__add_int(void *b, void *n, size_t s, int e) { return 1; }
            int btf__add_struct(void *b, void *n, int s) { return 1; }
            int btf__add_field(void *b, void *n, int t, int o, int s) { return 0; }
            int btf__add_array(void *b, int i, int e, int n) { return 1; }
            int btf__add_ptr(void *b, int r) { return 1; }
            int btf__add_type_tag(void *b, void *v, int r) { return 1; }
            int btf__add_decl_tag(void *b, void *v, int r, int c) { return 1; }
            int btf__add_str(void *b, void *s) { return 1; }
            int btf__add_func_proto(void *b, int r) { return 1; }
            int btf__add_func(void *b, void *n, int l, int p) { return 1; }
            int btf__load_into_kernel(void *b) { return 0; }
            int btf__fd(void *b) { return 1; }
            int btf__find_by_name_kind(void *b, void *n, int k) { return 1; }

            """
    }

    private static func run(_ c: Case, kernelGives program: Program, _ words: [String] = [], rewritten: UInt32 = 0)
        throws -> Tool.Outcome
    {
        let folder = try Tool.Folder()
        let text = try #require(KernelReproducer.text(of: c, file: "shows.c"))
        let options = """
            #include <bpf/bpf.h>
            unsigned libbpf_flags(struct bpf_prog_load_opts *options) { return options->prog_flags; }
            unsigned *libbpf_value(struct bpf_test_run_opts *options) { return &options->retval; }

            """
        let files = [
            try folder.write(text, to: "shows.c"), try folder.write(options, to: "options.c"),
            try folder.write(library(program, rewritten: rewritten), to: "library.c"),
        ]
        let shows = folder.path + "/shows"
        let compiler = try Tool.run(["-w", "-o", shows] + files, program: URL(fileURLWithPath: "/usr/bin/cc"))
        #expect(compiler.status == 0, "\(compiler.errors)")
        return try Tool.run(words, program: URL(fileURLWithPath: shows))
    }

    private static let load = Instruction(code: Opcode.loadImmediate64, dst: 2, src: Opcode.pseudoFunction, imm: 3)

    /// The result of a correct kernel: a wide load, a compiled call and two subprograms.
    private static let right = Program(
        insns: [
            load, Instruction(code: 0, imm: 1),
            Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: 1, imm: 1), Instruction(code: Opcode.exit),
            Instruction(code: Opcode.movImmediate64, imm: 4), Instruction(code: Opcode.exit),
        ], subprograms: [Subprogram(start: 0, id: 0), Subprogram(start: 4, id: 1)],
        lines: [LineRecord(insnOff: 0, id: 0), LineRecord(insnOff: 4, id: 1)])

    private static func changed(_ change: (inout Program) -> Void) -> Program {
        var program = right
        change(&program)
        return program
    }

    /// Faults, what shows each, and a third answer that is neither.
    private static let faults: [(sight: Case.Loading.Observed, wrong: Program, other: Program)] = [
        (.insn(slot: 2, .zero), changed { $0.insns[2].off = -2 }, changed { $0.insns[2].off = -3 }),
        // A number of a call, and of a subprogram's address, are all that may differ.
        (.insn(slot: 2, .zero), changed { $0.insns[2].imm = 0 }, changed { $0.insns[2].imm = 2 }),
        (.insn(slot: 0, .zero), changed { $0.insns[1].imm = 0 }, changed { $0.insns[1].imm = 2 }),
        (
            .subprogram(row: 1, start: nil), changed { $0.subprograms[1].start = 5 },
            changed { $0.subprograms[1].start = 3 }
        ),
        (
            .subprogram(row: 1, start: nil), changed { $0.subprograms.removeLast() },
            changed { $0.subprograms[1].start = 3 }
        ),
        (.line(row: 1, nil), changed { $0.lines[1].insnOff = 5 }, changed { $0.lines[1].id = 0 }),
        (.line(row: 1, nil), changed { $0.lines.removeLast() }, changed { $0.lines[1].id = 0 }),
        (.length(0), changed { $0.insns.removeLast() }, changed { $0.insns.append($0.insns[3]) }),
        // Where an address leads, by the number that the subprogram had when it was loaded: to none, or to another.
        (
            .target(slot: 0, subprogram: nil), changed { $0.subprograms.removeLast() },
            changed { $0.insns[0].src = Opcode.pseudoCall }
        ),
        (.target(slot: 0, subprogram: nil), changed { $0.subprograms[1].id = 2 }, changed { $0.insns.removeAll() }),
    ]

    /// It is still shown where it is, and nowhere else; a mended kernel is said to be right.
    @Test(arguments: faults.indices) func answerFollowsTheKernel(_ number: Int) throws {
        let (sight, wrong, other) = Self.faults[number]
        var c = try CaseFile.parse("target: kernel\nbucket: kernel/x\ntype: xdp\nprogram\nr0 = 1\nexit\n", file: "c")
        c.loading?.seen = sight.part(of: wrong)
        c.loading?.must = sight.part(of: Self.right)
        // The case is read from its file, as one that is written is.
        c = try CaseFile.parse(CaseFile.print(c), file: "c")
        let shown = try Self.run(c, kernelGives: wrong)
        #expect(shown.status == 1 && shown.lastLine == "still shown", "\(shown)")
        let mended = try Self.run(c, kernelGives: Self.right)
        #expect(mended.status == 0 && mended.lastLine == "not shown", "\(mended)")
        #expect(mended.output.contains("the result is correct\n"))
        let neither = try Self.run(c, kernelGives: other)
        #expect(
            neither.status == 2
                && neither.lastLine == "the result is neither the one that was seen nor the correct one: undecided",
            "\(neither)")
        // Without the correct value, only the observed one can be recognized.
        c.loading?.must = nil
        #expect(try Self.run(c, kernelGives: wrong).status == 1)
        for program in [Self.right, other] {
            let unknown = try Self.run(c, kernelGives: program)
            #expect(
                unknown.status == 2
                    && unknown.lastLine
                        == "the result is not the one that was seen, and the case does not tell the correct one: undecided",
                "\(unknown)")
        }
    }

    /// A number of the scratch register differs from load to load if code is blinded, and is compared if it is the fault.
    @Test(arguments: [(Int32(-14), Int32(1)), (-16, 0), (-15, 2)])
    func wrongNumbersAreCompared(_ imm: Int32, status: Int32) throws {
        func program(_ imm: Int32) -> Program {
            Self.changed { $0.insns[4] = Instruction(code: Opcode.movImmediate64, dst: 11, imm: imm) }
        }
        var c = try CaseFile.parse("target: kernel\nbucket: kernel/x\ntype: xdp\nprogram\nr0 = 1\nexit\n", file: "c")
        c.loading?.seen = Case.Loading.Observed.insn(slot: 4, .zero).part(of: program(-14))
        c.loading?.must = Case.Loading.Observed.insn(slot: 4, .zero).part(of: program(-16))
        let run = try Self.run(c, kernelGives: program(imm))
        #expect(run.status == status, "\(run)")
        let again = try #require(Case.Loading.Observed.insn(slot: 4, .zero).part(of: program(imm)))
        #expect(c.loading?.isShown(by: again) == (status == 1))
        // Where another number is correct too, each number shows the fault.
        c.loading?.must = nil
        #expect(c.loading?.isShown(by: again) == true)
        #expect(try Self.run(c, kernelGives: program(imm)).status == 1)
    }

    /// A program of a hundred thousand slots is not printed whole.
    @Test func longProgramsAreShownAtTheirPlace() throws {
        let filler = Array(repeating: Instruction(code: Opcode.movImmediate64, imm: 4), count: 50_000)
        let program = Self.changed {
            $0.insns.insert(contentsOf: filler, at: 4)
            $0.subprograms = [Subprogram(start: 0, id: 0), Subprogram(start: 50_004, id: 1)]
            $0.lines = (0..<50_004).map { LineRecord(insnOff: $0, id: $0) }
        }
        var c = try CaseFile.parse("target: kernel\nbucket: kernel/x\ntype: xdp\nprogram\nr0 = 1\nexit\n", file: "c")
        for (sight, lines) in [
            (Case.Loading.Observed.insn(slot: 30_000, .zero), 37), (.subprogram(row: 1, start: nil), 31),
        ] {
            c.loading?.seen = sight.part(of: program)
            let run = try Self.run(c, kernelGives: program)
            #expect(run.status == 1, "\(run.lastLine)")
            #expect(run.output.split(separator: "\n").count <= lines + 4, "\(run.output)")
            #expect(run.output.contains(" slots of 50006; './shows all' prints them all\n"), "\(run.output)")
            let all = try Self.run(c, kernelGives: program, ["all"])
            #expect(all.status == 1 && all.output.split(separator: "\n").count > 100_000)
        }
    }

    /// A program that must return the same with all flags is run with both.
    @Test(arguments: [(UInt32(0x12), Int32(0), "not shown"), (0x5_0000, 1, "still shown")])
    func valuesAreCompared(_ value: UInt32, status: Int32, last: String) throws {
        let c = try CaseFile.parse(
            """
            target: kernel
            bucket: kernel/execution/upper-half/rnd-hi32
            type: xdp
            runnable: yes
            seen: value 0x50000 with flags 0x4
            must: value 0x12 with flags 0x0
            program
            r0 = 1
            exit
            """, file: "c")
        let run = try Self.run(c, kernelGives: Self.right, rewritten: value)
        #expect(run.status == status && run.lastLine == last, "\(run)")
        #expect(
            run.output.hasPrefix("the program must return 0x12 as with flags 0x0, returns 0x50000 with flags 0x4\n"),
            "\(run.output)")
    }

    /// A refusal is about the load: a kernel that loads the program shows it no more.
    @Test func loadedProgramIsNotRefused() throws {
        let c = try CaseFile.parse(
            "target: kernel\nbucket: kernel/x\ntype: xdp\nseen: refusal \"bug\"\nprogram\nr0 = 1\nexit\n", file: "c")
        let run = try Self.run(c, kernelGives: Self.right)
        #expect(run.status == 0 && run.lastLine == "not shown", "\(run)")
    }

    /// A case without an observation shows nothing, unless the load itself was the fault.
    @Test func nothingIsSaidOfNothing() throws {
        let text = "target: kernel\nbucket: kernel/BUCKET/none\ntype: xdp\nprogram\nr0 = 1\nexit\n"
        let silent = try Self.run(
            try CaseFile.parse(text.replacing("BUCKET", with: "line/record"), file: "c"), kernelGives: Self.right)
        #expect(silent.status == 2 && silent.output.contains("the case has no observation"), "\(silent)")
        let load = try Self.run(
            try CaseFile.parse(text.replacing("BUCKET", with: "hang/none"), file: "c"), kernelGives: Self.right)
        #expect(load.status == 0 && load.lastLine == "not shown", "\(load)")
    }
}
