import BPF
import Fuzzing
import Patching
import Plugins
import Testing

/// Plug-ins that violate the ABI. Each violation is a finding with its own bucket.
struct ViolationTests {
    /// The example with statements after each call.
    ///
    /// - Parameters:
    ///   - violation: the statements; `status` is the returned value, `call` counts the calls
    ///   - kernel: true to export `bpf_patcher_kernel_v2()`
    private static func text(_ violation: String, kernel: Bool = false) -> String {
        """
        #define bpf_patcher_v1 example_v1
        #include "example.c"
        #undef bpf_patcher_v1
        #include "bpf_patcher_kernel.h"
        static int violating(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
                          struct bpf_patcher_image *out)
        {
            static __u32 call;
            int status = apply(in, edits, edit_cnt, out);

            call++;
            \(violation)
            return status + 0 * call;
        }
        const struct bpf_patcher *bpf_patcher_v1(void)
        {
            static struct bpf_patcher patcher;

            patcher = *example_v1();
            patcher.apply = violating;
            return &patcher;
        }
        """ + (kernel ? kernelText : "")
    }

    private static let kernelText = """

        static __u64 failed;
        static void fail_alloc(__u64 seed, __u32 one_in) { failed += one_in; }
        static __u64 failed_allocs(void) { return failed; }
        const struct bpf_patcher_kernel *bpf_patcher_kernel_v2(void)
        {
            static const struct bpf_patcher_kernel kernel = {
                .abi = 1, .release = "6.12.0", .fail_alloc = fail_alloc, .failed_allocs = failed_allocs };
            return &kernel;
        }
        """

    /// Violations and their buckets, without target and edit.
    private static let table: [(violation: String, bucket: String)] = [
        ("out->insns[-1].imm = 7;", "wild-write/before-insns"),
        ("out->insns[-8].code = 7;", "wild-write/before-insns"),
        ("out->aux[-1] = 7;", "wild-write/before-aux"),
        ("out->subprogs[-1].id = 7;", "wild-write/before-subprogs"),
        ("out->lines[-1].id = 7;", "wild-write/before-lines"),
        ("((__u32 *)out)[-1] = 7;", "wild-write/before-image"),
        ("out->insns[-1].imm = 7; status = -ERANGE;", "wild-write/before-insns"),
        ("out->insn_cnt = out->insn_cap + 1;", "wild-write/insn-cnt-above-room"),
        ("out->subprog_cnt = 2;", "wild-write/subprog-cnt-above-room"),
        ("out->line_cnt = -1;", "wild-write/line-cnt-above-room"),
        ("static struct bpf_insn own[64]; out->insns = own;", "wild-write/array-replaced"),
        ("static __u32 own[64]; out->aux = own;", "wild-write/array-replaced"),
        ("out->subprogs++;", "wild-write/array-replaced"),
        ("out->lines--;", "wild-write/array-replaced"),
        ("status = -EPERM;", "bad-status/eperm"),
        ("status = 1;", "bad-status/positive"),
        ("status = -100000;", "bad-status/unknown"),
        ("status = -117;", "bad-status/euclean"),
        ("status = -ENOMEM;", "error/accepted-became-enomem"),
        ("status = -EINVAL;", "error/accepted-became-einval"),
        ("out->insns[0].imm = call;", "unsteady/insns"),
        ("out->insn_cnt -= call & 1;", "unsteady/insns"),
        ("out->aux[0] = call;", "unsteady/aux"),
        ("out->subprogs[0].id = call;", "unsteady/subprogs"),
        ("out->lines[0].id = call;", "unsteady/lines"),
        ("out->line_cnt -= call & 1;", "unsteady/lines"),
        ("status = call & 1 ? 0 : -EINVAL;", "unsteady/status"),
    ]

    /// Five instructions with a jump; one is replaced by three.
    private static let simple = Case(
        program: Program(
            insns: [
                Instruction(code: Opcode.movImmediate64, imm: 1), Instruction(code: Opcode.ja, off: 2),
                Instruction(code: Opcode.movImmediate64, imm: 2), Instruction(code: Opcode.movImmediate64, imm: 3),
                Instruction(code: Opcode.exit),
            ], aux: [1, 2, 3, 4, 5], lines: [LineRecord(insnOff: 0, id: 1), LineRecord(insnOff: 3, id: 2)]),
        passes: [
            Pass(edits: [
                Edit(
                    off: InputIndex(2), remove: 1,
                    patch: (10...12).map { Instruction(code: Opcode.movImmediate64, imm: $0) })
            ])
        ])

    private static func buckets(_ plugin: Plugin, _ options: Plugin.Options) throws -> [String] {
        var runner = CaseRunner([plugin.makePatcher(options: options)])
        return try runner.run(simple).findings.map(\.bucket)
    }

    @Test(arguments: table.indices) func violationHasItsBucket(_ number: Int) throws {
        let (violation, bucket) = ViolationTests.table[number]
        let plugin = try BuiltPlugin(text: ViolationTests.text(violation)).load()
        let found = try ViolationTests.buckets(plugin, Plugin.Options(runsEveryPassTwice: true))
        #expect(found.first == "example/\(bucket)/patch", "\(violation): \(found)")
    }

    @Test func exampleIsClean() throws {
        let plugin = try BuiltPlugin(text: ViolationTests.text("")).load()
        #expect(try ViolationTests.buckets(plugin, Plugin.Options(runsEveryPassTwice: true)) == [])
    }

    @Test func damageNeedsKernelFunctions() throws {
        let plugin = try BuiltPlugin(text: ViolationTests.text("status = -117;", kernel: true)).load()
        let found = try ViolationTests.buckets(plugin, Plugin.Options())
        #expect(found == ["example/error/damaged-by-failed-allocation/patch"])
    }

    @Test(arguments: [(0, false), (0, true), (7, false), (7, true)]) func failAllocIsCalledOncePerRun(
        _ oneIn: UInt32, _ twice: Bool
    ) throws {
        let plugin = try BuiltPlugin(text: ViolationTests.text("", kernel: true)).load()
        let options = Plugin.Options(runsEveryPassTwice: twice, failAlloc: oneIn)
        #expect(try ViolationTests.buckets(plugin, options) == [])
        // The plug-in adds up its fail_alloc arguments. By default this pass runs once.
        #expect(plugin.failedAllocs == UInt64(oneIn) * (twice ? 2 : 1))
    }

    /// By default about one pass in 16 runs twice, always the same ones.
    @Test func onePassInSixteenRunsTwice() throws {
        func calls(twice: Bool) throws -> Int {
            // Each call counts as a failed allocation.
            let plugin = try BuiltPlugin(text: ViolationTests.text("", kernel: true)).load()
            let options = Plugin.Options(runsEveryPassTwice: twice, failAlloc: 1)
            let patcher = plugin.makePatcher(options: options)
            var fuzzer = Fuzzer(seed: 11, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
            for index in 0..<UInt64(6_000) { _ = fuzzer.run(index: index) }
            return Int(plugin.failedAllocs)
        }
        let once = try calls(twice: false)
        let passes = try calls(twice: true) / 2
        #expect(try calls(twice: false) == once)
        let again = once - passes
        #expect(passes > 3_000 && again > passes / 20 && again < passes / 13, "\(again) of \(passes), seed 11")
    }
}
