import BPF
import Fuzzing
import Patching
import TestSupport

/// Random cases that break every rule. The formats must store them anyway.
enum HostileCase {
    static func make(_ numbers: inout SeededNumbers) -> Case {
        let insns = slots(&numbers, upTo: 24)
        var program = Program(insns: insns, aux: words(&numbers, for: insns.count))
        program.subprograms = records(&numbers, insns.count).map { Subprogram(start: $0, id: $1) }
        program.lines = records(&numbers, insns.count).map { LineRecord(insnOff: $0, id: $1) }
        if chance(&numbers, 8) { program.subprograms = [Subprogram(start: 0, id: 0)] }
        var c = Case(program: program, passes: [])
        let texts = [
            "", "plain", " blank ", "a # b", "\"quoted\"", "back\\slash", "two\nlines", "é\u{1}\u{7f}", "a: b",
        ]
        c.name = texts.randomElement(using: &numbers)!
        if chance(&numbers, 2) { c.target = texts.randomElement(using: &numbers)! }
        if chance(&numbers, 2) { c.bucket = texts.randomElement(using: &numbers)! }
        if chance(&numbers, 3) { c.sentence = texts.randomElement(using: &numbers)! }
        if chance(&numbers, 3) { c.detail = texts.randomElement(using: &numbers)! }
        if chance(&numbers, 2) {
            c.origin = Case.Origin(seed: numbers.next(), index: .random(in: 0...9, using: &numbers))
        }
        c.conditions.beyondContract = chance(&numbers, 3)
        if chance(&numbers, 3) { c.conditions.failAlloc = .random(in: 1...UInt32.max, using: &numbers) }
        let comments = [nil, "one", "two\n  lines\n", "", "# doubled", "name: none"]
        c.comment = comments.randomElement(using: &numbers)!
        for _ in 0..<Int.random(in: 0...3, using: &numbers) {
            let edits = (0..<Int.random(in: 0...4, using: &numbers)).map { _ in edit(&numbers, insns.count) }
            c.passes.append(Pass(edits: edits))
        }
        c.expected = expectation(&numbers)
        return c
    }

    private static func chance(_ numbers: inout SeededNumbers, _ of: Int) -> Bool {
        Int.random(in: 0..<of, using: &numbers) == 0
    }

    /// A number that is often small and sometimes at a limit.
    private static func number(_ numbers: inout SeededNumbers, around count: Int) -> UInt32 {
        chance(&numbers, 12)
            ? [0, .max, .max - 1, 1 << 31].randomElement(using: &numbers)!
            : UInt32.random(in: 0...UInt32(count + 2), using: &numbers)
    }

    private static func slots(_ numbers: inout SeededNumbers, upTo most: Int) -> [Instruction] {
        let codes: [UInt8] = [0x18, 0x18, 0, 0, 0x05, 0x06, 0x15, 0x1e, 0x0e, 0xe5, 0x85, 0x95, 0xb7, 0xdb, 0x8d]
        var insns: [Instruction] = []
        for _ in 0..<Int.random(in: 0...most, using: &numbers) {
            if chance(&numbers, 10) {
                let start = Int32.random(in: -20...20, using: &numbers)
                for step in 0..<Int32.random(in: 1...14, using: &numbers) {
                    insns.append(Instruction(code: 0xb7, dst: 1, imm: start + step))
                }
            } else if chance(&numbers, 4) {
                insns.append(Instruction(bits: numbers.next()))
            } else {
                insns.append(
                    Instruction(
                        code: codes.randomElement(using: &numbers)!,
                        dst: .random(in: 0...2, using: &numbers), src: .random(in: 0...5, using: &numbers),
                        off: .random(in: -6...6, using: &numbers), imm: .random(in: -6...6, using: &numbers)))
            }
        }
        return insns
    }

    private static func words(_ numbers: inout SeededNumbers, for count: Int) -> [UInt32] {
        let length = chance(&numbers, 10) ? Int.random(in: 0...20, using: &numbers) : count
        switch Int.random(in: 0...2, using: &numbers) {
        case 0: return Array(repeating: 0, count: length)
        case 1: return (0..<length).map { UInt32($0) + 5 }
        default: return (0..<length).map { _ in [0, 0, 7, .max].randomElement(using: &numbers)! }
        }
    }

    private static func records(_ numbers: inout SeededNumbers, _ count: Int) -> [(UInt32, UInt32)] {
        let all = (0..<Int.random(in: 0...4, using: &numbers)).map { id in
            (number(&numbers, around: count), UInt32(100 + id))
        }
        return chance(&numbers, 4) ? all : all.sorted { $0.0 < $1.0 }
    }

    private static func edit(_ numbers: inout SeededNumbers, _ count: Int) -> Edit {
        let patch = chance(&numbers, 3) ? [] : slots(&numbers, upTo: 6)
        let remove = chance(&numbers, 2) ? UInt32.random(in: 0...2, using: &numbers) : number(&numbers, around: 4)
        let refs = (0..<(chance(&numbers, 2) ? 0 : Int.random(in: 0...3, using: &numbers))).map { _ in
            Ref(
                from: PatchIndex(rawValue: number(&numbers, around: patch.count)),
                to: InputIndex(rawValue: number(&numbers, around: count)))
        }
        return Edit(
            off: InputIndex(rawValue: number(&numbers, around: count)), remove: remove, patch: patch,
            keep: chance(&numbers, 3) ? PatchIndex(rawValue: number(&numbers, around: patch.count)) : nil,
            refs: refs, skip: chance(&numbers, 4)
        ).withPlaceholdersCleared()
    }

    private static func expectation(_ numbers: inout SeededNumbers) -> Case.Expectation? {
        switch Int.random(in: 0...3, using: &numbers) {
        case 0: return nil
        case 1: return .error(chance(&numbers, 2) ? .einval : .erange)
        default:
            let insns = slots(&numbers, upTo: 12)
            let starts = records(&numbers, insns.count)
            let places = records(&numbers, insns.count)
            return .result(
                insns: chance(&numbers, 4) ? nil : insns,
                aux: chance(&numbers, 4) ? nil : words(&numbers, for: insns.count),
                subprograms: chance(&numbers, 4) ? nil : starts.map { Subprogram(start: $0, id: $1) },
                lines: chance(&numbers, 4) ? nil : places.map { LineRecord(insnOff: $0, id: $1) })
        }
    }
}
