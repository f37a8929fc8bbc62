import BPF
import Patching
import Testing

@testable import Fuzzing

/// The passes that patchers skip, and the parts of results that are not checked.
struct CapabilityTests {
    private static let seed: UInt64 = 5
    private static let cases: UInt64 = 3_000

    /// Returns true if a pass needs a capability, by the words of the C header.
    private static func needs(_ capability: PatcherCapabilities, _ image: PassImage, _ input: Program) -> Bool {
        let pass = Pass(image)
        func isJump(_ slot: Int) -> Bool { input.insns[slot].jumpKind != .none && !isSecond(slot) }
        func isSecond(_ slot: Int) -> Bool { slot > 0 && input.insns[slot - 1].isWide }
        return pass.edits.contains { edit in
            switch capability {
            case .delete: edit.patch.isEmpty
            case .insert: edit.remove == 0
            case .range: edit.remove > 1 && !edit.patch.isEmpty
            case .skipJumps: edit.skip
            case .keepJump: edit.keep != nil && isJump(edit.off.position)
            case .refs: !edit.refs.isEmpty
            case .deadTarget: edit.patch.isEmpty && isDead(edit, pass, input, isJump)
            default: false
            }
        }
    }

    /// Returns true if a surviving jump targets a deleted range past its first slot.
    private static func isDead(_ edit: Edit, _ pass: Pass, _ input: Program, _ isJump: (Int) -> Bool) -> Bool {
        let dead = (edit.off.position + 1)..<(edit.off.position + Int(edit.remove))
        let refers = pass.edits.contains { $0.refs.contains { dead.contains($0.to.position) } }
        return refers
            || input.insns.indices.contains { slot in
                let isRemoved = pass.edits.contains { other in
                    other.keep == nil && (other.off.position..<(other.off.position + Int(other.remove))).contains(slot)
                }
                let insn = input.insns[slot]
                return isJump(slot) && !isRemoved && dead.contains(slot + 1 + insn.jumpOffset(insn.jumpKind))
            }
    }

    /// Runs a case and records findings.
    private static func runClean(_ fuzzer: inout Fuzzer, _ index: UInt64) {
        if fuzzer.run(index: index) { return }
        let findings = fuzzer.findings
        Issue.record("seed \(seed), case \(index): \(findings)")
    }

    private static let demanded: [PatcherCapabilities] = [
        .delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget,
    ]

    /// The passes of a patcher without one capability, beside a patcher with all.
    private struct Count {
        /// The number of passes that it ran although they need the capability.
        var wrong = 0
        /// The number of cases with a pass that needs the capability.
        var demanding = 0
        var skipped = 0
        var given = 0
    }

    /// The counts for each capability, and for the patcher with all of them, on the same cases.
    private static let counts: (limited: [Count], able: Count) = {
        var counts = demanded.map { _ in Count() }
        var isDemanded = demanded.map { _ in false }
        let able = LimitedPatcher(.everything, name: "able")
        able.watch = { pass, input in
            let program = Program(input)
            for (number, capability) in demanded.enumerated() where !isDemanded[number] {
                isDemanded[number] = needs(capability, pass, program)
            }
        }
        let limited = demanded.enumerated().map { number, capability in
            let patcher = LimitedPatcher(.everything.subtracting(capability), name: "limited-\(number)")
            patcher.watch = { pass, input in
                counts[number].wrong += needs(capability, pass, Program(input)) ? 1 : 0
            }
            return patcher
        }
        var fuzzer = Fuzzer(seed: seed, patchers: [able] + limited)
        for index in 0..<cases {
            isDemanded = demanded.map { _ in false }
            runClean(&fuzzer, index)
            for number in demanded.indices where isDemanded[number] { counts[number].demanding += 1 }
        }
        for number in demanded.indices {
            counts[number].skipped = fuzzer.skippedCases(of: number + 1)
            counts[number].given = limited[number].given
        }
        return (counts, Count(skipped: fuzzer.skippedCases(of: 0), given: able.given))
    }()

    /// A patcher without a capability skips exactly the passes that need it, and has no finding.
    @Test(arguments: demanded.indices) func unsupportedPassesAreSkipped(_ number: Int) {
        let names = CapabilityTests.demanded[number].names
        let (count, able) = (CapabilityTests.counts.limited[number], CapabilityTests.counts.able)
        #expect(count.wrong == 0, "\(count.wrong) passes ran that need \(names)")
        #expect(able.skipped == 0 && count.skipped == count.demanding && count.skipped > 100, "\(names)")
        #expect(able.given > count.given && count.given > 100)
    }

    /// A jump into a replaced range does not count as a jump to deleted code, although another range is deleted.
    @Test func replacedTargetsAreNotDead() {
        let plain = Instruction(code: Opcode.movImmediate64)
        let insns = [plain, plain, plain, plain, Instruction(code: Opcode.ja, off: -2)]
        let program = ProgramBuffer()
        program.load(Program(insns: insns))
        let pass = PassBuffer()
        pass.addEdit(off: InputIndex(0), remove: 2)
        pass.addEdit(off: InputIndex(2), remove: 2)
        pass.addPatch(plain)
        var expectation = Expectation()
        expectation.compute(pass.image, on: program.image())
        let demands = PassDemands(pass: pass.image, input: program.image(), expectation: expectation)
        #expect(expectation.refusal == .dangling && demands.capabilities() == [.delete, .range])
    }

    /// A patcher that does not refuse passes skips exactly the passes to refuse.
    @Test func passesToRefuseAreSkipped() {
        let limited = LimitedPatcher(.everything.subtracting(.refuses))
        limited.answer = { status in
            #expect(status != .einval)
            return status
        }
        let able = LimitedPatcher(.everything, name: "able")
        var refused = 0
        able.answer = { status in
            refused += status == .einval ? 1 : 0
            return status
        }
        var fuzzer = Fuzzer(seed: CapabilityTests.seed, patchers: [limited, able])
        for index in 0..<CapabilityTests.cases * 2 { CapabilityTests.runClean(&fuzzer, index) }
        let skipped = fuzzer.skippedCases(of: 0)
        #expect(refused > 50 && skipped == refused)
        #expect(able.given - limited.given == refused)
    }

    /// A part is checked only if the patcher declares it. This patcher corrupts undeclared parts.
    @Test(arguments: [PatcherCapabilities.aux, .subprograms, .lines]) func declaredPartsAreChecked(
        _ part: PatcherCapabilities
    ) {
        let limited = LimitedPatcher(.everything.subtracting(part))
        var fuzzer = Fuzzer(seed: CapabilityTests.seed, patchers: [limited])
        for index in 0..<2_000 as Range<UInt64> { CapabilityTests.runClean(&fuzzer, index) }
        let skipped = fuzzer.skippedCases(of: 0)
        #expect(skipped == 0)
        // The same results are wrong if all parts are declared.
        let liar = BoastfulPatcher(limited)
        var other = Fuzzer(seed: CapabilityTests.seed, patchers: [liar])
        var rules: Set<BrokenRule> = []
        for index in 0..<2_000 as Range<UInt64> where !other.run(index: index) {
            rules.formUnion(other.findings.map(\.rule))
        }
        #expect(rules == [part == .aux ? .aux : part == .subprograms ? .subprogram : .line])
    }

    /// A patcher that declares every capability.
    private final class BoastfulPatcher: Patcher {
        let name = "liar"
        private let inner: LimitedPatcher
        init(_ inner: LimitedPatcher) { self.inner = inner }
        func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
            inner.apply(pass, to: input, into: output)
        }
    }

    /// A patcher that is excluded from a case does not run and is not counted as skipped; the others run.
    @Test func excludedPatchersDoNotRun() {
        let patchers = (0..<3).map { LimitedPatcher($0 == 2 ? [] : .everything, name: "p\($0)") }
        var fuzzer = Fuzzer(seed: 1, patchers: patchers + [LinkedList()])
        for index in 0..<200 as Range<UInt64> { _ = fuzzer.run(index: index, excluding: 0b1101) }
        #expect(patchers.map(\.given).filter { $0 > 0 }.count == 1 && patchers[1].given > 0)
        let skipped = (0..<4).map { fuzzer.skippedCases(of: $0) }
        #expect(skipped == [0, 0, 0, 0])
        _ = fuzzer.run(index: 0)
        #expect(patchers[0].given > 0)
    }

    /// The progress word is the number of the running patcher, or 0.
    @Test func progressNamesTheRunningPatcher() {
        let storage = Scratch<UInt64>(capacity: 1)
        let word: UnsafeTypedBuffer<Slot, UInt64> = storage.buffer()
        let patchers = (0..<3).map { LimitedPatcher(.everything, name: "p\($0)") }
        var seen: [UInt64] = []
        for patcher in patchers { patcher.watch = { _, _ in unsafe seen.append(word[Slot(0)]) } }
        unsafe word[Slot(0)] = 77
        var fuzzer = Fuzzer(seed: 1, patchers: patchers, progress: word)
        unsafe #expect(word[Slot(0)] == 0)
        _ = fuzzer.run(index: 0)
        #expect(!seen.isEmpty && seen == (0..<seen.count).map { UInt64($0 % 3 + 1) })
        unsafe #expect(word[Slot(0)] == 0)
    }
}
