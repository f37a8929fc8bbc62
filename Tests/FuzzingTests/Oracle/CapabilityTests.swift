import BPF
import Patching
import Testing

@testable import Fuzzing

/// Which passes patchers are spared, and which parts of their results are not looked at.
struct CapabilityTests {
    private static let seed: UInt64 = 5
    private static let cases: UInt64 = 3_000

    /// Whether a pass demands a capability, read off its edits one by one as the header of the C ABI has it.
    private static func demands(_ capability: PatcherCapabilities, _ image: PassImage, _ input: Program) -> Bool {
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

    /// Whether something that stands jumps into what an edit deletes, past its first slot.
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

    /// Runs a case in which nothing is wrong.
    private static func runClean(_ fuzzer: inout Fuzzer, _ index: UInt64) {
        if fuzzer.run(index: index) { return }
        let findings = fuzzer.findings
        Issue.record("seed \(seed), case \(index): \(findings)")
    }

    private static let demanded: [PatcherCapabilities] = [
        .delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget,
    ]

    /// What a patcher without one capability was given, beside one that can do everything.
    private struct Count {
        /// The passes that it was given although they demand the capability.
        var wrong = 0
        /// The cases of which some pass demands it.
        var demanding = 0
        var spared = 0
        var given = 0
    }

    /// The counts for each capability, and for the one that can do everything; all are run on the same cases.
    private static let counts: (limited: [Count], able: Count) = {
        var counts = demanded.map { _ in Count() }
        var isDemanded = demanded.map { _ in false }
        let able = LimitedPatcher(.everything, name: "able")
        able.watch = { pass, input in
            let program = Program(input)
            for (number, capability) in demanded.enumerated() where !isDemanded[number] {
                isDemanded[number] = demands(capability, pass, program)
            }
        }
        let limited = demanded.enumerated().map { number, capability in
            let patcher = LimitedPatcher(.everything.subtracting(capability), name: "limited-\(number)")
            patcher.watch = { pass, input in
                counts[number].wrong += demands(capability, pass, Program(input)) ? 1 : 0
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
            counts[number].spared = fuzzer.sparedCases(of: number + 1)
            counts[number].given = limited[number].given
        }
        return (counts, Count(spared: fuzzer.sparedCases(of: 0), given: able.given))
    }()

    /// Without a capability, exactly the passes that demand it are not given, and nothing is found.
    @Test(arguments: demanded.indices) func exactlyWhatCannotBeDoneIsSpared(_ number: Int) {
        let names = CapabilityTests.demanded[number].names
        let (count, able) = (CapabilityTests.counts.limited[number], CapabilityTests.counts.able)
        #expect(count.wrong == 0, "\(count.wrong) passes were given that demand \(names)")
        #expect(able.spared == 0 && count.spared == count.demanding && count.spared > 100, "\(names)")
        #expect(able.given > count.given && count.given > 100)
    }

    /// Who does not refuse is not given what is to be refused, and no more than that.
    @Test func passesToRefuseAreSpared() {
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
        let spared = fuzzer.sparedCases(of: 0)
        #expect(refused > 50 && spared == refused)
        #expect(able.given - limited.given == refused)
    }

    /// A part is looked at just when it is filled in; the patcher spoils what it says it leaves out.
    @Test(arguments: [PatcherCapabilities.aux, .subprograms, .lines]) func partsAreLookedAtWhenFilledIn(
        _ part: PatcherCapabilities
    ) {
        let limited = LimitedPatcher(.everything.subtracting(part))
        var fuzzer = Fuzzer(seed: CapabilityTests.seed, patchers: [limited])
        for index in 0..<2_000 as Range<UInt64> { CapabilityTests.runClean(&fuzzer, index) }
        let spared = fuzzer.sparedCases(of: 0)
        #expect(spared == 0)
        // The same results are wrong for one who claims to fill everything in.
        let liar = Liar(limited)
        var other = Fuzzer(seed: CapabilityTests.seed, patchers: [liar])
        var rules: Set<BrokenRule> = []
        for index in 0..<2_000 as Range<UInt64> where !other.run(index: index) {
            rules.formUnion(other.findings.map(\.rule))
        }
        #expect(rules == [part == .aux ? .aux : part == .subprograms ? .subprogram : .line])
    }

    /// A patcher that claims everything, whatever it leaves out.
    private final class Liar: Patcher {
        let name = "liar"
        private let inner: LimitedPatcher
        init(_ inner: LimitedPatcher) { self.inner = inner }
        func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
            inner.apply(pass, to: input, into: output)
        }
    }

    /// Who is excluded from a case is not asked and not spared; the others are.
    @Test func excludedPatchersAreNotAsked() {
        let patchers = (0..<3).map { LimitedPatcher($0 == 2 ? [] : .everything, name: "p\($0)") }
        var trial = Fuzzer(seed: 1, patchers: patchers + [LinkedList()])
        for index in 0..<200 as Range<UInt64> { _ = trial.run(index: index, excluding: 0b1101) }
        #expect(patchers.map(\.given).filter { $0 > 0 }.count == 1 && patchers[1].given > 0)
        let spared = (0..<4).map { trial.sparedCases(of: $0) }
        #expect(spared == [0, 0, 0, 0])
        _ = trial.run(index: 0)
        #expect(patchers[0].given > 0)
    }

    /// While a patcher is at work its number stands in the progress word, and 0 otherwise.
    @Test func progressSaysWhoIsAtWork() {
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
