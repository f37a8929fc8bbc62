import BPF
import KernelModel
import Testing

@testable import KernelRewrites

@Suite struct KernelProgramTests {
    /// Some programs of a profile.
    private func programs(
        _ profiles: [ProgramProfile], _ facts: KernelFacts = .whole, seed: UInt64 = 1, count: UInt64
    ) -> [GeneratedProgram] {
        var generator = KernelProgramGenerator(seed: seed, profiles: profiles, facts: facts)
        return (0..<count).map { generator.make(index: $0) }
    }

    @Test func aProgramIsAFunctionOfSeedAndIndex() {
        var forward = KernelProgramGenerator(seed: 7, facts: .whole)
        var backward = KernelProgramGenerator(seed: 7, facts: .whole)
        let there = (0..<200).map { forward.make(index: $0) }
        let back = (0..<200).reversed().map { backward.make(index: $0) }
        for (one, other) in zip(there, back.reversed()) {
            #expect(one.loadable == other.loadable)
            #expect(one.live == other.live)
            #expect(one.isRunnable == other.isRunnable && one.profiles == other.profiles)
        }
        #expect(programs(ProgramProfile.allCases, seed: 8, count: 1)[0].loadable != there[0].loadable)
    }

    @Test(arguments: ProgramProfile.allCases) func programsAreWellFormed(_ profile: ProgramProfile) {
        for (index, program) in programs([profile], count: profile == .far ? 4 : 300).enumerated() {
            let whole = program.loadable.program
            #expect(whole.fault() == nil, "index \(index)")
            #expect(program.live.count == whole.insns.count)
            #expect(program.live.first == true)
            for (slot, insn) in whole.insns.enumerated() where insn.isWide {
                #expect(program.live[slot] == program.live[slot + 1], "index \(index), slot \(slot)")
            }
        }
    }

    /// The verifier wants a record at the start of each subprogram, and ids are numbers.
    @Test func recordsAreAsTheKernelWantsThem() {
        var withLines = 0
        for (index, program) in programs(ProgramProfile.allCases, count: 500).enumerated() {
            let whole = program.loadable.program
            #expect(whole.subprograms.map(\.id) == Array(0..<UInt32(whole.subprograms.count)), "index \(index)")
            #expect(whole.subprograms.count <= 256)
            if whole.lines.isEmpty { continue }
            withLines += 1
            #expect(whole.lines.map(\.id) == Array(0..<UInt32(whole.lines.count)), "index \(index)")
            let places = Set(whole.lines.map(\.insnOff))
            #expect(whole.subprograms.allSatisfy { places.contains($0.start) }, "index \(index)")
        }
        #expect(withLines > 300)
        #expect(withLines < 450)
    }

    /// A marker stands in one instruction only, or with another of another code that it is compared with.
    @Test func markersAreUnique() {
        for (index, program) in programs(ProgramProfile.allCases, count: 500).enumerated() {
            var seen: Set<UInt64> = []
            let repeated = program.loadable.program.insns.filter { insn in
                let isOffset = insn.jumpKind == .long || insn.jumpKind.isCall
                if insn.imm <= 0xffff || isOffset || insn.imm == Int32.max { return false }
                return !seen.insert(UInt64(insn.code) << 32 | UInt64(UInt32(bitPattern: insn.imm))).inserted
            }
            #expect(repeated.isEmpty, "index \(index)")
        }
    }

    /// Much of what stands in live code can be found by its marker alone.
    @Test func markersAreMany() {
        var marked = 0
        var all = 0
        for program in programs(ProgramProfile.allCases, count: 500) {
            for (slot, insn) in program.loadable.program.insns.enumerated()
            where program.live[slot] && insn.code != 0 {
                all += 1
                if insn.imm > 0xffff { marked += 1 }
            }
        }
        #expect(marked * 100 / all >= 25, "\(marked) of \(all)")
    }

    @Test func lengthsAreSpread() {
        let lengths = programs(ProgramProfile.allCases, count: 4000).map(\.loadable.program.insns.count)
        #expect(lengths.count { $0 < 300 } > 3000)
        #expect(lengths.contains { $0 > 1000 })
        #expect(lengths.reduce(0, +) / lengths.count < 400)
    }

    @Test func farProgramsReachAsFarAsJumpsDo() {
        var forward: Int16 = 0
        var backward: Int16 = 0
        for program in programs([.far, .gotol, .mayGoto], count: 64) where program.profiles.contains(.far) {
            let insns = program.loadable.program.insns
            #expect(insns.count > 32_000)
            for insn in insns where insn.jumpKind == .short {
                forward = max(forward, insn.off)
                backward = min(backward, insn.off)
            }
        }
        #expect(forward > 32_000)
        #expect(backward < -30_000)
    }

    /// A runnable program ends, whatever `may_goto` does: it goes back only as a counter allows.
    @Test func runnableProgramsGoBackByCountersOnly() {
        var count = 0
        for (index, program) in programs(ProgramProfile.allCases, count: 3000).enumerated() where program.isRunnable {
            count += 1
            #expect(program.loadable.privilege == .all)
            #expect([.socketFilter, .schedCLS, .schedACT, .xdp].contains(program.loadable.type), "index \(index)")
            let forbidden: Set<Int32> = [12, 154, 164, 170, 173, 176, 183, 185, 194]
            for (slot, insn) in program.loadable.program.insns.enumerated()
            where program.live[slot] && insn.code == 0x85 && insn.src == 0 {
                #expect(!forbidden.contains(insn.imm), "index \(index), slot \(slot)")
            }
        }
        #expect(count > 300)
    }

    @Test func whatAKernelLacksIsNamed() {
        let missing = ProgramProfile.missing(of: [.division, .mayGoto, .exception, .tracing], in: .old)
        #expect(missing.map(\.profile) == [.mayGoto, .exception, .tracing])
        #expect(missing.first?.lacks == ["may-goto"])
        #expect(missing.last?.lacks == ["jit", "kernel-btf", "tracing"])
        #expect(ProgramProfile.missing(of: ProgramProfile.allCases, in: .whole).isEmpty)
    }

    /// Nothing that a kernel lacks is in the programs for it.
    @Test func programsKeepToWhatTheKernelHas() {
        for (index, program) in programs(ProgramProfile.allCases, .old, count: 1000).enumerated() {
            #expect(program.loadable.kernelFunctions.isEmpty)
            #expect(program.loadable.flags.isEmpty)
            #expect(KernelFacts.old.programTypes.contains(program.loadable.type))
            for insn in program.loadable.program.insns {
                #expect(insn.code != 0xe5 && insn.code != 0x06, "index \(index)")
                #expect(insn.jumpKind != .function, "index \(index)")
                if insn.code & 0x07 == 0x07 || insn.code & 0x07 == 0x04 { #expect(insn.off == 0, "index \(index)") }
            }
        }
    }

    /// Without any profile there still is a program, of nothing but what all have.
    @Test func noProfileIsNoFault() {
        for program in programs([], count: 20) {
            #expect(program.profiles.isEmpty)
            #expect(program.loadable.program.fault() == nil)
        }
    }
}
