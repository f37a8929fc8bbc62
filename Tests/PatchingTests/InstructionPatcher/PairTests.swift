import BPF
import Patching
import Testing

/// Two edits of one instruction: the table in "What an edit names" of the article "Rewriting programs".
struct PairTests {
    typealias Step = @Sendable (InstructionPatcher) throws -> Void

    /// The result of two edits of `i`; `t` is the landing of the jump to `i`.
    struct Row: Sendable, CustomStringConvertible {
        var description: String
        var first: Step
        var second: Step
        var expected: String
        var passes = 2
        /// The program after the jump.
        var tail = ""
    }

    private static let i = InputIndex(1)
    private static let a: Patch = [Instruction(code: Opcode.movImmediate64, dst: 2, imm: 1)]
    private static let b: Patch = [Instruction(code: Opcode.movImmediate64, dst: 2, imm: 2)]
    private static let p: Patch = [Instruction(code: Opcode.movImmediate64, dst: 4, imm: 1)]

    private static func around() throws -> Patch { try Patch("r3 = 1; kept; r3 = 2") }

    static let rows: [Row] = [
        Row(
            description: "insert A before i, insert B before i", first: { try $0.insert(a, before: i) },
            second: { try $0.insert(b, before: i) }, expected: "t: r2 = 1; r2 = 2; r1 = 101"),
        Row(
            description: "insert A before i, skip, insert B before i",
            first: { try $0.insert(a, before: i, skip: true) }, second: { try $0.insert(b, before: i) },
            expected: "r2 = 1; t: r2 = 2; r1 = 101"),
        Row(
            description: "insert A before i, insert B before i, skip", first: { try $0.insert(a, before: i) },
            second: { try $0.insert(b, before: i, skip: true) }, expected: "t: r2 = 1; r2 = 2; r1 = 101"),
        Row(
            description: "insert A before i, skip, insert B before i, skip",
            first: { try $0.insert(a, before: i, skip: true) }, second: { try $0.insert(b, before: i, skip: true) },
            expected: "r2 = 1; r2 = 2; t: r1 = 101"),
        Row(
            description: "insert A before i, insert B before i, outermost", first: { try $0.insert(a, before: i) },
            second: { try $0.insert(b, before: i, outermost: true) }, expected: "t: r2 = 2; r2 = 1; r1 = 101"),
        Row(
            description: "insert A after i, insert B after i", first: { try $0.insert(a, after: i) },
            second: { try $0.insert(b, after: i) }, expected: "t: r1 = 101; r2 = 2; r2 = 1"),
        Row(
            description: "insert A before i, insert B after i", first: { try $0.insert(a, before: i) },
            second: { try $0.insert(b, after: i) }, expected: "t: r2 = 1; r1 = 101; r2 = 2"),
        Row(
            description: "insert A before i, replace i by P", first: { try $0.insert(a, before: i) },
            second: { try $0.replace(i, with: p) }, expected: "t: r2 = 1; r4 = 1"),
        Row(
            description: "replace i by P, insert A before i", first: { try $0.replace(i, with: p) },
            second: { try $0.insert(a, before: i) }, expected: "t: r2 = 1; r4 = 1"),
        Row(
            description: "replace i by X i Y, insert A before i", first: { try $0.replace(i, with: around()) },
            second: { try $0.insert(a, before: i) }, expected: "t: r3 = 1; r2 = 1; r1 = 101; r3 = 2"),
        Row(
            description: "replace i by X i Y, insert A before i, outermost",
            first: { try $0.replace(i, with: around()) },
            second: { try $0.insert(a, before: i, outermost: true) },
            expected: "t: r2 = 1; r3 = 1; r1 = 101; r3 = 2"),
        Row(
            description: "replace i by X i Y, replace i by P", first: { try $0.replace(i, with: around()) },
            second: { try $0.replace(i, with: p) }, expected: "t: r3 = 1; r4 = 1; r3 = 2"),
        Row(
            description: "insert A before i, delete i", first: { try $0.insert(a, before: i) },
            second: { try $0.delete(i) }, expected: "t: r2 = 1"),
        Row(
            description: "replace i by X i Y, delete i", first: { try $0.replace(i, with: around()) },
            second: { try $0.delete(i) }, expected: "t: r3 = 1; r3 = 2"),
        Row(
            description: "append A, append B", first: { try $0.append(a) }, second: { try $0.append(b) },
            expected: "t: r1 = 101", tail: "; r2 = 1; r2 = 2"),
        // A range includes insertions between its ends, and excludes those outside.
        Row(
            description: "insert A before i + 1, replace i and i + 1 by P", first: { try $0.insert(a, before: i + 1) },
            second: { try $0.replace(i..<(i + 2), with: p) }, expected: "t: r4 = 1; goto t #"),
        Row(
            description: "insert A before i, delete i and i + 1", first: { try $0.insert(a, before: i) },
            second: { try $0.delete(i..<(i + 2)) }, expected: "t: r2 = 1; goto t #"),
        Row(
            description: "insert A after i + 1, replace i and i + 1 by P", first: { try $0.insert(a, after: i + 1) },
            second: { try $0.replace(i..<(i + 2), with: p) }, expected: "t: r4 = 1; r2 = 1; goto t #"),
    ]

    @Test(arguments: rows) func twoEditsOfOneInstruction(_ row: Row) throws {
        let patcher = try InstructionPatcher(Program("r1 = 100; t: r1 = 101; r1 = 102; goto t; exit"))
        try row.first(patcher)
        try row.second(patcher)
        let count = patcher.currentCount
        let result = try patcher.finish()
        let body = row.expected.hasSuffix("#") ? String(row.expected.dropLast(1)) : "\(row.expected); r1 = 102; goto t"
        #expect(result.listing == (try Program("r1 = 100; \(body); exit\(row.tail)").listing))
        #expect(patcher.passCount == row.passes)
        #expect(count == result.insns.count)
        // The jump is the last but one instruction of the input.
        let jump = try #require(patcher.currentIndex(of: InputIndex(3))).position
        #expect(patcher.landing(of: PairTests.i)?.position == jump + 1 + Int(result.insns[jump].off))
    }

    static let removals: [Step] = [
        { try $0.delete(i) }, { try $0.replace(i, with: p) }, { try $0.delete(i..<(i + 2)) },
        { try $0.replace((i + -1)..<(i + 1), with: p) },
    ]

    @Test(arguments: removals.indices) func aRemovedInstructionCannotBeEdited(_ number: Int) throws {
        let remove = PairTests.removals[number]
        let patcher = try InstructionPatcher(Program("r1 = 100; r1 = 101; r1 = 102; exit"))
        try remove(patcher)
        let before = patcher.currentCount
        let edits: [Step] = [
            { try $0.delete(PairTests.i) }, { try $0.replace(PairTests.i, with: PairTests.p) },
            { try $0.insert(PairTests.a, after: PairTests.i) },
            { try $0.delete(PairTests.i..<(PairTests.i + 3)) },
        ]
        for edit in edits {
            #expect(throws: PatchingError.removed(PairTests.i)) { try edit(patcher) }
        }
        if patcher.survives(InputIndex(0)) {
            #expect(throws: PatchingError.removed(PairTests.i)) { try patcher.delete(InputIndex(0)..<InputIndex(2)) }
        }
        #expect(patcher.currentIndex(of: PairTests.i) == nil)
        #expect(!patcher.survives(PairTests.i))
        #expect(patcher.currentCount == before)
        _ = try patcher.finish()
        #expect(patcher.passCount == 1)
    }

    @Test func insertionBeforeADeletedInstructionIsRefused() throws {
        let patcher = try InstructionPatcher(Program("r1 = 100; r1 = 101; r1 = 102; exit"))
        try patcher.delete(PairTests.i)
        #expect(throws: PatchingError.removed(PairTests.i)) { try patcher.insert(PairTests.a, before: PairTests.i) }
    }
}
