import BPF
import Patching
import Testing

@testable import Fuzzing

/// The assumptions of the kernel's functions: for each clause, a pass that just keeps it and one that breaks it.
struct KernelContractTests {
    private static let plain = Instruction(code: Opcode.movImmediate64, imm: 1)
    private static let exit = Instruction(code: Opcode.exit)

    private static func jump(_ off: Int16) -> Instruction { Instruction(code: Opcode.ja, off: off) }

    private static func gotox(_ off: Int16) -> Instruction { Instruction(code: Opcode.gotox, off: off) }

    private static func long(_ count: Int) -> [Instruction] { Array(repeating: plain, count: count - 1) + [exit] }

    /// A program and a pass by its parts; `starts` are those of the subprograms.
    private static func make(_ insns: [Instruction], starts: [UInt32] = [0], _ edits: [Edit]) -> Case {
        Case(
            program: Program(
                insns: insns, subprograms: starts.enumerated().map { Subprogram(start: $1, id: UInt32($0)) }),
            passes: [Pass(edits: edits)])
    }

    private static func delete(_ off: Int, _ remove: UInt32) -> Edit { Edit(off: InputIndex(off), remove: remove) }

    private static func insert(_ off: Int, _ patch: [Instruction] = [plain]) -> Edit {
        Edit(off: InputIndex(off), remove: 0, patch: patch)
    }

    private static func replace(_ off: Int, _ patch: [Instruction]) -> Edit {
        Edit(off: InputIndex(off), remove: 1, patch: patch)
    }

    /// A case, and the clause that it breaks.
    private static let table: [(name: String, c: Case, broken: KernelContract.Clause?)] = [
        ("one becomes two", make([plain, jump(-2), exit], [replace(0, [plain, plain])]), nil),
        ("a jump to the first slot", make([jump(0), plain, plain, exit], [delete(1, 2)]), nil),
        ("a jump to the second slot", make([jump(1), plain, plain, exit], [delete(1, 2)]), .deadTarget),
        ("a removed jump to the second slot", make([jump(1), plain, plain, exit], [delete(0, 1), delete(1, 2)]), nil),
        (
            "a kept jump to the second slot",
            make(
                [jump(1), plain, plain, exit],
                [
                    Edit(off: InputIndex(0), remove: 1, patch: [plain, plain], keep: PatchIndex(1)), delete(1, 2),
                ]), .deadTarget
        ),
        ("two deletions side by side", make([jump(1), plain, plain, exit], [delete(1, 1), delete(2, 1)]), nil),
        (
            "a ref to the first slot",
            make(
                [plain, plain, plain, exit],
                [
                    Edit(
                        off: InputIndex(0), remove: 1, patch: [jump(0)],
                        refs: [Ref(from: PatchIndex(0), to: InputIndex(1))]), delete(1, 2),
                ]), nil
        ),
        (
            "a ref to the second slot",
            make(
                [plain, plain, plain, exit],
                [
                    Edit(
                        off: InputIndex(0), remove: 1, patch: [jump(0)],
                        refs: [Ref(from: PatchIndex(0), to: InputIndex(2))]), delete(1, 2),
                ]), .deadTarget
        ),
        ("a whole subprogram", make([exit, plain, exit, exit], starts: [0, 1, 3], [delete(1, 2)]), nil),
        ("the last subprogram", make([exit, plain, exit], starts: [0, 1], [delete(1, 2)]), nil),
        ("the end of a subprogram", make([exit, plain, exit, exit], starts: [0, 3], [delete(1, 2)]), nil),
        ("the front of a subprogram", make([exit, plain, exit], starts: [0, 1], [delete(1, 1)]), nil),
        (
            "a subprogram and the end of the one before",
            make([exit, plain, exit, exit], starts: [0, 2, 3], [delete(1, 2)]), .subprogram
        ),
        (
            "a subprogram and the front of the next",
            make([exit, exit, plain, exit], starts: [0, 1, 2], [delete(1, 2)]), .subprogram
        ),
        (
            "a subprogram after a patch",
            make([plain, exit, exit, exit], starts: [0, 2, 3], [replace(0, [plain, plain]), delete(1, 2)]), .subprogram
        ),
        ("an insertion in front of the last", make([plain, exit], [insert(1)]), nil),
        ("an append", make([plain, exit], [insert(2, [exit])]), .append),
        ("a dangling jump", make([jump(0), plain], [delete(1, 1)]), .refused),
        (
            "a dangling jump that is removed before",
            make([jump(1), jump(0), plain, exit], starts: [0, 3], [delete(1, 1), delete(2, 1)]), .refused
        ),
        (
            "a dangling jump that is removed afterwards",
            make([plain, jump(1), plain, jump(-2)], [delete(2, 1), replace(3, [exit])]), nil
        ),
        (
            "a prefix that leaves a jump dangling",
            make([plain, plain, jump(-2), exit], [delete(1, 1), delete(2, 1)]), nil
        ),
        (
            "a prefix that replaces the target of a jump",
            make(
                [plain, plain, jump(-2), exit],
                [Edit(off: InputIndex(0), remove: 2, patch: [plain]), delete(2, 1)]), .refused
        ),
        (
            "a prefix with a jump to the first slot",
            make([plain, plain, plain, jump(-3), exit], [delete(1, 2), delete(3, 1)]), nil
        ),
        (
            "a prefix with a jump to the second slot",
            make([plain, plain, plain, jump(-2), exit], [delete(1, 2), delete(3, 1)]), .deadTarget
        ),
        (
            "a prefix with a jump to the slot after the range",
            make([plain, plain, plain, plain, jump(-2), exit], [delete(1, 2), delete(4, 1)]), nil
        ),
        ("a jump that is deleted with its target", make([plain, plain, jump(-2), exit], [delete(0, 3)]), nil),
        ("the last of 32767 slots", make(long(32_766), [replace(32_765, [plain, exit])]), nil),
        ("the last of 32768 slots", make(long(32_767), [replace(32_766, [plain, exit])]), .pastTheEnd),
        ("the last but one of 32768 slots", make(long(32_767), [replace(32_765, [plain, plain])]), nil),
        ("the last of 32769 slots is deleted", make(long(32_769), [delete(32_768, 1)]), nil),
        ("a gotox before an insertion", make([gotox(0), exit], [insert(1)]), nil),
        (
            "a gotox before an insertion that jumps skip",
            make([gotox(0), exit], [Edit(off: InputIndex(1), remove: 0, patch: [plain], skip: true)]), .unknown
        ),
        ("a gotox with an offset", make([gotox(1), exit, exit], [insert(1)]), .unknown),
        ("a code that no kernel has", make([plain, Instruction(code: 0xf6), exit], [insert(1)]), .unknown),
        ("such a code in a patch", make([plain, exit], [insert(1, [Instruction(code: 0x8d)])]), .unknown),
        (
            "such a code as a placeholder",
            make(
                [plain, exit],
                [Edit(off: InputIndex(0), remove: 1, patch: [Instruction(code: 0xf6), plain], keep: PatchIndex(0))]),
            nil
        ),
        ("a second slot", make([Instruction(code: Opcode.loadImmediate64), .zero, exit], [insert(0)]), nil),
    ]

    private static let able = PatcherCapabilities.everything.subtracting([.deadTarget, .refuses]).union(.stepwise)

    @Test(arguments: table.indices) func passWithABrokenClauseIsSkipped(_ number: Int) throws {
        let (name, c, broken) = KernelContractTests.table[number]
        let kernel = LimitedPatcher(.everything, name: "kernel", kernel: KernelFunctions(KernelVersion(6, 12)))
        let other = LimitedPatcher(.everything, name: "other")
        var runner = CaseRunner([kernel, other])
        let findings = try runner.run(c).findings
        let skipped = runner.skippedCases(of: 0)
        #expect(findings == [], "\(name)")
        #expect(other.given == 1, "\(name)")
        #expect(kernel.given == (broken == nil ? 1 : 0), "\(name)")
        #expect(skipped == (broken == nil ? 0 : 1), "\(name)")
    }

    /// With `beyondContract`, a patcher gets every pass, even unsupported ones, and the findings are marked.
    @Test(arguments: table.indices) func findingsBeyondTheContractAreMarked(_ number: Int) throws {
        let (name, c, broken) = KernelContractTests.table[number]
        let kernel = LimitedPatcher(
            KernelContractTests.able, name: "kernel", kernel: KernelFunctions(KernelVersion(6, 12)))
        kernel.answer = { _ in
            kernel.violation = PatcherViolation(.badStatus, "eperm", "wrong")
            return .unusable
        }
        var runner = CaseRunner([kernel], beyondContract: true)
        let findings = try runner.run(c).findings
        let finding = try #require(findings.first, "\(name)")
        #expect(kernel.given == 1)
        #expect(finding.bucket.hasPrefix("kernel/bad-status/eperm/"), "\(name): \(finding.bucket)")
        #expect(finding.bucket.hasSuffix("/beyond-contract") == (broken != nil), "\(name): \(finding.bucket)")
        if let broken { #expect(finding.detail.hasSuffix(broken.rawValue), "\(name): \(finding.detail)") }
    }

    /// Each pass of a case is judged on its own.
    @Test func laterPassesAreJudgedOnTheirOwn() throws {
        var c = KernelContractTests.make(
            [KernelContractTests.plain, KernelContractTests.exit],
            [KernelContractTests.insert(2, [KernelContractTests.exit])])
        c.passes.append(Pass(edits: [KernelContractTests.insert(0)]))
        let kernel = LimitedPatcher(.everything, kernel: KernelFunctions(KernelVersion(6, 12)))
        var runner = CaseRunner([kernel])
        let findings = try runner.run(c).findings
        let skipped = runner.skippedCases(of: 0)
        #expect(findings == [] && kernel.given == 1 && skipped == 1)
    }

    /// Opcodes by the first release that defines them. Every other byte is defined by all releases or by none.
    @Test func opcodesHaveAFirstRelease() {
        let since: [UInt8: KernelVersion] = [
            0xe5: KernelVersion(6, 9), 0xd7: KernelVersion(6, 6),
            0xd3: KernelVersion(6, 15),
        ]
        for (code, first) in since {
            #expect(KernelCodes.isDefined(code, in: KernelFunctions(first)))
            let before = KernelFunctions(KernelVersion(first.major, first.minor - 1))
            #expect(!KernelCodes.isDefined(code, in: before))
        }
        let oldest = KernelFunctions(KernelVersion(6, 1), knowsGotol: false, knowsGotox: false)
        let old = (0...255).filter { KernelCodes.isDefined($0, in: oldest) }
        // 8 loads of class 0, 15 of memory, 27 arithmetic of 32 bits and 25 of 64, 25 jumps of 64 bits and 22 of 32.
        #expect(old.count == 8 + 15 + 27 + 25 + 25 + 22)
        for code: UInt8 in [0x0e, 0xe6, 0xed, 0xf5, 0xfd, 0x8d, 0x86, 0x96, 0x9d, 0x8c, 0x8f, 0xdf, 0xd7 | 8] {
            #expect(!KernelCodes.isDefined(code, in: KernelFunctions(KernelVersion(99, 0))), "\(code)")
        }
        // Stable releases get instructions of later ones, so the functions decide, not the release.
        #expect(KernelCodes.isDefined(0x06, in: KernelFunctions(KernelVersion(6, 1))))
        let without = KernelFunctions(KernelVersion(6, 12), knowsGotol: false)
        #expect((0...255).filter { KernelCodes.isDefined($0, in: without) }.count == old.count + 6)
    }

    /// Programs with more subprograms than the kernel's limit are skipped.
    @Test(arguments: [1, 2, 3]) func subprogramsAreLimited(_ room: Int) throws {
        let c = KernelContractTests.make(
            [KernelContractTests.exit, KernelContractTests.exit], starts: [0, 1], [KernelContractTests.insert(0)])
        let kernel = LimitedPatcher(
            .everything, kernel: KernelFunctions(KernelVersion(6, 12), maxSubprograms: room))
        let other = LimitedPatcher(.everything, name: "other", kernel: KernelFunctions(KernelVersion(6, 12)))
        var runner = CaseRunner([other, kernel])
        let findings = try runner.run(c).findings
        #expect(findings == [] && other.given == 1 && kernel.given == (room == 1 ? 0 : 1))
    }

    @Test(arguments: [
        ("6.12.48", KernelVersion(6, 12)), ("6.1.0-rc3", KernelVersion(6, 1)), ("7.0-rc1", KernelVersion(7, 0)),
        ("6", nil), ("6.", nil), ("", nil), ("x.1", nil), ("6.x", nil),
    ]) func releasesAreRead(_ text: String, _ release: KernelVersion?) {
        #expect(KernelVersion(text) == release)
    }
}
