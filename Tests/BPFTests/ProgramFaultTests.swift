import BPF
import TestSupport
import Testing

/// The check of a program, which reads many slots at once, compared with a check slot by slot.
struct ProgramFaultTests {
    /// The first fault of a program with valid tables, slot by slot.
    private func expectedFault(_ program: Program) -> ProgramFault? {
        let insns = program.insns
        let starts = program.subprograms.map { Int($0.start) }
        func isSecond(_ index: Int) -> Bool { index > 0 && insns[index - 1].code == 0x18 }
        func home(_ index: Int) -> Int { starts.lastIndex { $0 <= index }! }
        var at = 0
        while at < insns.count {
            let insn = insns[at]
            let target = at + 1 + insn.jumpOffset(insn.jumpKind)
            if insn.jumpKind.isJump {
                if !insns.indices.contains(target) || home(target) != home(at) {
                    return ProgramFault(.targetOutside, at: at)
                }
                if isSecond(target) { return ProgramFault(.targetSecondSlot, at: at) }
            } else if insn.jumpKind.isCall && !starts.contains(target) {
                return ProgramFault(.callTarget, at: at)
            }
            if insn.code == 0x18 {
                if at + 1 == insns.count || insns[at + 1].code != 0 { return ProgramFault(.brokenWideLoad, at: at) }
                at += 1
            }
            at += 1
        }
        return starts.firstIndex(where: isSecond).map { ProgramFault(.subprogramStart, at: $0) }
    }

    /// Random programs of up to 200 slots. Most faults are rare, so that the first one is often far from the start.
    @Test func firstFaultIsFound() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of ProgramFaultTests.firstFaultIsFound: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        var seen: [ProgramFault.Rule?: Int] = [:]
        for number in 0..<20_000 {
            let count = 1 + numbers.below(number % 4 == 0 ? 200 : 12)
            let starts = [0] + (1..<max(count, 1)).filter { _ in numbers.below(40) == 0 }
            var insns: [Instruction] = []
            while insns.count < count {
                let at = insns.count
                let low = starts.last { $0 <= at }!
                let high = starts.first { $0 > at } ?? count
                // One jump in forty has a random target.
                let target = numbers.below(40) == 0 ? numbers.below(count + 2) - 1 : low + numbers.below(high - low)
                let callee = numbers.below(40) == 0 ? numbers.below(count + 2) - 1 : starts[numbers.below(starts.count)]
                switch numbers.below(10) {
                case 0: insns.append(Instruction(code: Opcode.ja, off: Int16(target - at - 1)))
                case 1: insns.append(Instruction(code: Opcode.gotol, imm: Int32(target - at - 1)))
                case 2: insns.append(Instruction(code: Opcode.call, src: 1, imm: Int32(callee - at - 1)))
                case 3: insns.append(Instruction(code: Opcode.call, imm: 7))
                case 4 where at + 1 < count || numbers.below(4) == 0:
                    let isFunction = numbers.below(2) == 0
                    insns.append(Instruction(code: 0x18, src: isFunction ? 4 : 0, imm: Int32(callee - at - 1)))
                    if numbers.below(20) > 0 { insns.append(.zero) }
                default: insns.append(Instruction(code: Opcode.movImmediate64))
                }
            }
            let program = Program(
                insns: insns, subprograms: starts.map { Subprogram(start: UInt32($0), id: UInt32($0)) })
            let expected = expectedFault(program)
            seen[expected?.rule, default: 0] += 1
            guard program.fault() == expected else {
                Issue.record("seed \(seed), program \(number): \(program.fault()?.description ?? "well formed")")
                return
            }
        }
        let rules: [ProgramFault.Rule?] = [
            nil, .targetOutside, .targetSecondSlot, .callTarget, .brokenWideLoad, .subprogramStart,
        ]
        for rule in rules { #expect(seen[rule, default: 0] > 20, "seed \(seed): \(String(describing: rule))") }
    }
}
