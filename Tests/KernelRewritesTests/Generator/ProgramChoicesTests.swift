import BPF
import Fuzzing
import LinuxBPF
import TestSupport
import Testing

@testable import KernelRewrites

/// Programs that are made from recorded choices, and from changed ones.
@Suite struct ProgramChoicesTests {
    /// The choices of a program make it, and nothing else is recorded.
    @Test(arguments: ProgramProfile.allCases) func programsAreMadeAgain(_ profile: ProgramProfile) {
        for profiles in [[profile], ProgramProfile.allCases] {
            var generator = KernelProgramGenerator(seed: 21, profiles: profiles, facts: .whole)
            for index in 0..<(profile == .far ? 3 : 60) as Range<UInt64> {
                let made = generator.make(index: index)
                let choices = generator.choices(index: index)
                #expect(
                    choices.program.loadable == made.loadable && choices.program.live == made.live, "index \(index)")
                let again = generator.make(choices)
                #expect(again.program.loadable == made.loadable && again.program.live == made.live, "index \(index)")
                #expect(again.draws == choices.draws, "index \(index)")
            }
        }
    }

    /// Makes one program smaller in a random way.
    private static func change(_ choices: ProgramChoices, _ numbers: inout SeededNumbers) -> ProgramChoices {
        switch numbers.below(5) {
        case 4: return choices.hoisting(callsOf: numbers.below(choices.functionCount)) ?? choices
        case 0 where choices.functionCount > 1:
            return choices.removing(functions: [1 + numbers.below(choices.functionCount - 1)])
        case 1: return choices.withOtherLines.randomElement(using: &numbers) ?? choices
        case 2:
            let spans = choices.draws.spans.filter { $0.depth > 0 }
            return choices.removing(spans.isEmpty ? [] : [numbers.pick(spans)])
        default:
            var lower = choices
            let places = lower.draws.places
            if places.isEmpty { return choices }
            let place = numbers.pick(places)
            lower.draws[place: place].value = lower.draws[place: place].value / 2
            return lower
        }
    }

    /// Changed choices make well-formed programs, of which the verifier sees what the generator knows.
    @Test func changedChoicesMakePrograms() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of ProgramChoicesTests.changedChoicesMakePrograms: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        var generator = KernelProgramGenerator(
            seed: seed, profiles: ProgramProfile.allCases.filter { $0 != .far }, facts: .whole)
        for index in 0..<200 as Range<UInt64> {
            var choices = generator.choices(index: index)
            for _ in 0..<10 {
                choices = generator.make(Self.change(choices, &numbers))
                let program = choices.program.loadable.program
                #expect(program.fault() == nil, "seed \(seed), index \(index)")
                #expect(choices.program.live.count == program.insns.count, "seed \(seed), index \(index)")
                #expect(program.subprograms.count == choices.functionCount, "seed \(seed), index \(index)")
            }
        }
    }

    /// Without a function, the calls of it go too, and calls of others still reach them.
    @Test func functionsAreRemovedWithTheirCalls() {
        var generator = KernelProgramGenerator(seed: 8, profiles: [.calls, .loop, .subprograms], facts: .whole)
        var removed = 0
        for index in 0..<60 as Range<UInt64> {
            let choices = generator.choices(index: index)
            for function in 1..<choices.functionCount {
                let made = generator.make(choices.removing(functions: [function]))
                #expect(made.functionCount < choices.functionCount)
                let starts = Set(made.program.loadable.program.subprograms.map { Int($0.start) })
                for (slot, insn) in made.program.loadable.program.insns.enumerated() where insn.jumpKind.isCall {
                    #expect(
                        starts.contains(slot + 1 + Int(insn.imm)), "index \(index), function \(function), slot \(slot)")
                }
                removed += 1
            }
            let alone = generator.make(choices.removing(functions: 1..<choices.functionCount))
            #expect(alone.program.loadable.program.subprograms.count == 1)
            #expect(!alone.program.loadable.program.insns.contains { $0.jumpKind.isCall })
        }
        #expect(removed > 100)
    }

    /// Without a function that calls others, its caller calls these.
    @Test func callsAreHoisted() {
        var generator = KernelProgramGenerator(seed: 8, profiles: [.calls, .loop, .subprograms], facts: .whole)
        var hoisted = 0
        for index in 0..<60 as Range<UInt64> {
            let choices = generator.choices(index: index)
            for function in 0..<choices.functionCount {
                guard let fewer = choices.hoisting(callsOf: function) else { continue }
                hoisted += 1
                let made = generator.make(fewer)
                let program = made.program.loadable.program
                #expect(made.functionCount == choices.functionCount - 1 && program.fault() == nil)
                let starts = Set(program.subprograms.map { Int($0.start) })
                var reached: Set<Int> = [0]
                for (slot, insn) in program.insns.enumerated() where insn.jumpKind.isCall {
                    reached.insert(slot + 1 + Int(insn.imm))
                }
                #expect(reached == starts, "index \(index), function \(function)")
            }
        }
        #expect(hoisted > 20)
    }

    /// Without all fragments, little is left: the start and the end of each function.
    @Test func withoutFragmentsLittleIsLeft() {
        var generator = KernelProgramGenerator(seed: 3, profiles: [.jumps, .division], facts: .whole)
        for index in 0..<50 as Range<UInt64> {
            let choices = generator.choices(index: index)
            let made = generator.make(choices.removing(choices.draws.spans.filter { $0.kind == .fragment }))
            #expect(made.program.loadable.program.insns.count <= 60, "index \(index)")
        }
    }

    /// The kernel accepts nearly all programs of changed choices, and sees what the generator knows.
    @Test(.enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)")) func changedProgramsAreAccepted() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of ProgramChoicesTests.changedProgramsAreAccepted: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let kernel = try RunningKernel()
        var generator = KernelProgramGenerator(
            seed: seed, profiles: ProgramProfile.allCases.filter { $0 != .far }, facts: try kernel.facts)
        var (accepted, count) = (0, 0)
        var reasons: [String: Int] = [:]
        for index in 0..<100 as Range<UInt64> {
            var choices = generator.choices(index: index)
            for _ in 0..<4 { choices = generator.make(Self.change(choices, &numbers)) }
            count += 1
            switch kernel.load(choices.program.loadable) {
            case .loaded: accepted += 1
            case .refused(let refusal):
                reasons[refusal.reason, default: 0] += 1
                continue
            }
            if choices.program.loadable.privilege != .all { continue }
            let seen = try kernel.seen(choices.program.loadable)
            #expect(seen == choices.program.live, "seed \(seed), index \(index)")
        }
        #expect(accepted * 100 >= count * 90, "seed \(seed): \(accepted) of \(count); \(reasons)")
    }
}
