import BPF
import Patching
import Testing

@testable import Fuzzing

/// Which passes of the kernel have the edits of a pass as their effect.
struct KernelPassMatcherTests {
    private static let release = KernelVersion(6, 12)

    /// The pass that matches the edits of one, among some.
    private static func match(
        _ pass: Pass, _ program: Program, among passes: [KernelPass] = KernelPass.allCases,
        of release: KernelVersion = release
    ) -> KernelPass? {
        let buffer = ProgramBuffer()
        buffer.load(program)
        let edits = PassBuffer()
        edits.load(pass)
        var expectation = Expectation()
        expectation.compute(edits.image, on: buffer.image())
        var matcher = KernelPassMatcher()
        return matcher.choose(among: passes, of: release, edits.image, buffer.image(), expectation)
    }

    /// The passes of the kernel in the order of the workload's passes.
    private static let steps: [KernelPass] = [
        .fastcall, .loops, .sanitizing, .hardWiring, .deadCode, .nops, .upperHalves, .blinding,
    ]

    /// Each pass of the workload is matched by its pass of the kernel, in most cases with edits.
    @Test func workloadMatches() {
        #expect(Self.steps.count == Workload.kernelPasses.passCount)
        let seed: UInt64 = 7
        var fuzzer = Fuzzer(seed: seed, workloads: [.kernelPasses], patchers: [])
        var matched = Self.steps.map { _ in 0 }
        var edited = matched
        let cases = 600
        for index in 0..<UInt64(cases) {
            let made = fuzzer.makeCase(index: index)
            var program = made.program
            let buffer = ProgramBuffer()
            var expectation = Expectation()
            for (number, pass) in made.passes.enumerated() {
                let found = Self.match(pass, program, among: [Self.steps[number]])
                if found == Self.steps[number] { matched[number] += 1 }
                if found != nil && !pass.edits.isEmpty { edited[number] += 1 }
                if found == nil && !pass.edits.isEmpty {
                    Issue.record("seed \(seed), index \(index), pass \(number): no pass matches")
                }
                buffer.load(program)
                let edits = PassBuffer()
                edits.load(pass)
                expectation.compute(edits.image, on: buffer.image())
                if expectation.status != .accepted { break }
                program = Program(expectation.program.image(as: InputIndex.self))
            }
        }
        print("matched in \(cases) cases: \(matched), with edits: \(edited)")
        for number in Self.steps.indices {
            // Only programs of one function are blinded.
            let least = Self.steps[number] == .blinding ? 16 : 2
            #expect(matched[number] * least > cases, "seed \(seed), \(Self.steps[number])")
            #expect(edited[number] * 16 > cases, "seed \(seed), \(Self.steps[number])")
        }
    }

    private static func program(_ insns: [Instruction]) -> Program {
        Program(insns: insns, aux: insns.map { _ in 0 }, subprograms: [Subprogram(start: 0, id: 0)], lines: [])
    }

    private static let exit = Instruction(code: Opcode.exit)

    private static func delete(_ slots: Int...) -> Pass {
        Pass(edits: slots.map { Edit(off: InputIndex($0), remove: 1) })
    }

    private static func replace(_ slot: Int, _ insn: Instruction, to target: Int? = nil) -> Edit {
        Edit(
            off: InputIndex(slot), remove: 1, patch: [insn],
            refs: target.map { [Ref(from: PatchIndex(0), to: InputIndex($0))] } ?? [])
    }

    @Test func allNopsAreRemoved() {
        let program = Self.program([.jump(0), .assign(0, 1), .jump(0), Self.exit])
        #expect(Self.match(Self.delete(0, 2), program, among: [.nops]) == .nops)
        #expect(Self.match(Self.delete(0), program, among: [.nops]) == nil)
        #expect(Self.match(Self.delete(0, 1, 2), program, among: [.nops]) == nil)
    }

    /// Kernels from 6.14 on remove `may_goto` as well, and such programs are skipped.
    @Test func mayGotoDependsOnTheRelease() {
        let program = Self.program([.jump(0), Instruction(code: Opcode.mayGoto), Self.exit])
        #expect(Self.match(Self.delete(0), program, among: [.nops]) == .nops)
        #expect(Self.match(Self.delete(0), program, among: [.nops], of: KernelVersion(6, 14)) == nil)
    }

    /// Code that runs reaches no removed code.
    @Test func deadCodeIsNotReached() {
        let program = Self.program([.jump(1), .assign(0, 1), .assign(0, 2), Self.exit])
        #expect(Self.match(Self.delete(1), program, among: [.deadCode]) == .deadCode)
        #expect(Self.match(Self.delete(2), program, among: [.deadCode]) == nil)
        let sanitized = Pass(edits: [Self.replace(1, .jump(-1))])
        #expect(Self.match(sanitized, program, among: [.sanitizing]) == .sanitizing)
        #expect(Self.match(Pass(edits: [Self.replace(2, .jump(-1))]), program, among: [.sanitizing]) == nil)
        #expect(Self.match(Pass(edits: [Self.replace(1, .jump(0))]), program, among: [.sanitizing]) == nil)
    }

    /// A branch is dead only if nothing else reaches it.
    @Test func branchesAreDeadOnlyIfNothingElseReachesThem() {
        let program = Self.program([.jump(1, if: 0, .equal, 0), .assign(0, 1), .assign(0, 2), Self.exit])
        let jumps = Pass(edits: [Self.replace(0, .jump(0), to: 2)])
        #expect(Self.match(jumps, program, among: [.hardWiring]) == .hardWiring)
        // The next instruction continues at the target, so the target is not dead.
        let falls = Pass(edits: [Self.replace(0, .jump(0))])
        #expect(Self.match(falls, program, among: [.hardWiring]) == nil)
        #expect(Self.match(Pass(), program, among: [.hardWiring]) == .hardWiring)
        var other = program
        other.insns[1] = Self.exit
        #expect(Self.match(falls, other, among: [.hardWiring]) == .hardWiring)
    }

    /// With random numbers, an instruction without a patch must be one that the CPU extends.
    @Test func halvesWithoutAPatchNeedAReason() {
        let half = Instruction.apply(.move, 3, 5, is64: false)
        let program = Self.program([half, half, Self.exit])
        func patched(_ slot: Int, _ rest: [Instruction]) -> Edit {
            Edit(off: InputIndex(slot), remove: 1, patch: [.zero] + rest, keep: PatchIndex(0))
        }
        let random: [Instruction] = [
            .assign(Register.hidden, 9), .apply(.shiftLeft, Register.hidden, 32),
            .apply(.or, 3, register: Register.hidden),
        ]
        let passes: [KernelPass] = [.upperHalves]
        #expect(Self.match(Pass(edits: [patched(0, random)]), program, among: passes) == .upperHalves)
        #expect(Self.match(Pass(edits: [patched(0, [.extending(3)])]), program, among: passes) == .upperHalves)
        #expect(Self.match(Pass(edits: [patched(0, [.extending(4)])]), program, among: passes) == nil)
        let both = [patched(0, random), patched(1, [.extending(3)])]
        #expect(Self.match(Pass(edits: both), program, among: passes) == .upperHalves)
        let longer = Self.program([half, half, half, Self.exit])
        #expect(Self.match(Pass(edits: both), longer, among: passes) == nil)
    }

    @Test func spillsNeedTheirFills() {
        let call = Instruction.callHelper(8)
        let frame = Register.frame
        let program = Self.program([
            .store(.double, to: frame, -16, 2), .store(.double, to: frame, -8, 1), call,
            .load(.double, 1, from: frame, -8), .load(.double, 2, from: frame, -16), Self.exit,
        ])
        func nops(_ slots: Int...) -> Pass { Pass(edits: slots.map { Self.replace($0, .jump(0)) }) }
        #expect(Self.match(nops(0, 1, 3, 4), program, among: [.fastcall]) == .fastcall)
        #expect(Self.match(nops(1, 3), program, among: [.fastcall]) == .fastcall)
        #expect(Self.match(nops(0, 4), program, among: [.fastcall]) == nil)
        #expect(Self.match(nops(1), program, among: [.fastcall]) == nil)
    }

    /// The slots of a loop in a subprogram with this offset of its lowest stack slot.
    private static func loop(at slot: Int, over callback: Int, base: Int16) -> Edit {
        let frame = Register.frame
        func store(_ number: UInt8) -> Instruction { .store(.double, to: frame, base + 8 * Int16(number), 6 + number) }
        func load(_ number: UInt8) -> Instruction { .load(.double, 6 + number, from: frame, base + 8 * Int16(number)) }
        let patch: [Instruction] = [
            .jump(2, if: 1, .lessOrEqual, 8_388_608), .apply(.move, 0, -7, is64: false), .jump(16),
            store(0), store(1), store(2), .move(6, 1), .apply(.move, 7, 0, is64: false), .move(8, 3),
            .jump(5, if: 7, .greaterOrEqual, register: 6), .move(1, 7), .move(2, 8),
            Instruction(code: Opcode.call, src: Opcode.pseudoCall), .apply(.add, 7, 1), .jump(-6, if: 0, .equal, 0),
            .move(0, 7), load(0), load(1), load(2),
        ]
        return Edit(
            off: InputIndex(slot), remove: 1, patch: patch,
            refs: [Ref(from: PatchIndex(12), to: InputIndex(callback))])
    }

    /// Two calls of `bpf_loop` in the first subprogram; the second one is the callback.
    @Test func loopsOfASubprogramHaveTheSameStack() {
        let call = Instruction.callHelper(181)
        let insns = [call, call, .callHelper(8), Self.exit, .assign(0, 0), Self.exit]
        var program = Self.program(insns)
        program.subprograms.append(Subprogram(start: 4, id: 1))
        func match(_ edits: Edit...) -> KernelPass? { Self.match(Pass(edits: edits), program, among: [.loops]) }
        #expect(match() == .loops)
        #expect(match(Self.loop(at: 1, over: 4, base: -24)) == .loops)
        #expect(match(Self.loop(at: 0, over: 4, base: -536), Self.loop(at: 1, over: 4, base: -536)) == .loops)
        #expect(match(Self.loop(at: 0, over: 4, base: -32), Self.loop(at: 1, over: 4, base: -40)) == nil)
        // No stack has these offsets.
        for base: Int16 in [-16, -30, -544] { #expect(match(Self.loop(at: 0, over: 4, base: base)) == nil) }
        // The callback is no start, or the call is one of another helper.
        #expect(match(Self.loop(at: 0, over: 5, base: -24)) == nil)
        #expect(match(Self.loop(at: 2, over: 4, base: -24)) == nil)
        for slot in 0..<19 where slot != 12 {
            var edit = Self.loop(at: 0, over: 4, base: -24)
            edit.patch[slot].imm += 8
            #expect(match(edit) == nil, "slot \(slot)")
        }
    }
}
