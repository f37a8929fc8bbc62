import BPF
import Foundation
import KernelModel
import KernelRewrites
import Testing

/// A row of the table of rewrites with samples in place of its placeholders.
struct SampledRow: Sendable, CustomTestStringConvertible {
    var number: Int
    var row: RewriteRow { RewriteTable.shared.rows[number] }
    var testDescription: String { "\(row.rewrite.rawValue): \(row.insn)" }

    static let all = RewriteTable.shared.rows.indices.map(SampledRow.init).filter { $0.row.place == .instruction }

    private static let samples: [(String, String)] = [
        ("rD", "r2"), ("wD", "w2"), ("rS", "r3"), ("wS", "w3"), ("rA", "r4"), ("NONZERO", "24"),
        ("kfunc IMM", "kfunc 0"),
        ("IMM", "7"), ("TARGET", "here"), ("$counter", "-16"), ("$saved+8", "-32"), ("$saved+16", "-24"),
        ("$saved", "-40"), ("$entries", "4"), ("$mask", "3"), ("$size", "72"), ("$shift", "6"), ("$values", "312"),
        ("$elements", "56"), ("$references", "20"), ("$sockets", "192"), ("$userLimit", "32767"), ("$percpu", "4711"),
        ("$function", "4712"), ("$address ll", "81985529216486895 ll"), ("$structure ll", "81985529216486895 ll"),
        ("$objectSize", "16"), ("$nodeOffset", "8"), ("$limit", "63"), ("$flags", "2080"),
    ]

    static func text(_ text: String) -> String {
        samples.reduce(text) { $0.replacing($1.0, with: $1.1) }.replacing("+ -", with: "- ")
    }

    /// What the kernel makes of the row's instruction.
    var expansion: String {
        let insn = row.insn.hasPrefix("call 12") ? "call 12" : row.insn.hasPrefix("call") ? nil : Self.text(row.insn)
        let kept = insn ?? (row.functions == nil ? "call 4711" : "call kfunc 4711")
        return Self.text(row.expansion.replacing("KEEP", with: kept))
    }

    /// A kernel that has the row.
    var facts: KernelFacts {
        let version = row.before == nil ? "6.18.0" : "6.11.0"
        return KernelFacts(release: version, features: [.mayGotoNop, .jit, .rawDump])
    }
}

@Suite("The table of rewrites")
struct RewriteTableTests {
    /// The instruction between others, with a jump to it and one over it.
    private func listing(_ insn: String, start: String = "fn r0 = 1001 #0", _ extra: String = "") throws -> Listing {
        try Listing(
            "\(start)\n if r0 == 9 goto here\n r7 = 1002 #1\n here: \(insn)\n r7 = 1003 #2\n goto here\n \(extra)")
    }

    private func pair(_ sample: SampledRow) throws -> (input: Listing, result: Listing, functions: [String]) {
        let row = sample.row
        let functions = row.functions.map { $0.isEmpty ? ["bpf_wq_set_callback_impl"] : [$0[0]] } ?? []
        if row.rewrite == .loop {
            let start = "fn r0 = 1001 #0\n r2 = subprog turn ll"
            let turn = "fn turn: r0 = 1004\n exit"
            let expansion = sample.expansion.replacing("CALLBACK", with: "turn")
            let result = try listing(expansion, start: start, turn)
            return (try listing(row.insn, start: start, turn), compiled(result), functions)
        }
        if row.rewrite == .mayGoto {
            let start = sample.expansion.contains("call") ? "65535\n *(u64 *)(r10 - 8) = 0" : "8388608"
            return (
                try listing("may_goto here", "x exit"),
                try listing(sample.expansion, start: "fn *(u64 *)(r10 - 16) = \(start)\n r0 = 1001 #0"), functions
            )
        }
        return (try listing(SampledRow.text(row.insn), "x exit"), try listing(sample.expansion), functions)
    }

    private func compiled(_ listing: Listing) -> Listing { listing }

    @Test("has rows that are recognized", arguments: SampledRow.all)
    func recognized(_ sample: SampledRow) throws {
        let (input, result, functions) = try pair(sample)
        let report = check(input, result.program, functions: functions, facts: sample.facts)
        // The line of code at the start of a subprogram is not part of this.
        let findings = report.findings.filter { $0.rule != .line }
        #expect(findings.isEmpty && report.gaps.isEmpty, "\(findings) \(report.gaps)")
        #expect(report.coverage.total(sample.row.rewrite) > 0)
    }

    @Test("is what the article says")
    func article() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appending(path: "Sources/KernelRewrites/KernelRewrites.docc/KernelRules.md"),
            encoding: .utf8)
        #expect(article.contains(RewriteTable.shared.markdown), "put RewriteTable.shared.markdown into the article")
    }
}

/// A changed value in an expansion.
struct PlantedValue: Sendable, CustomTestStringConvertible {
    var name: String
    var input: [String]
    var result: [String]
    /// The statement that is changed, and what it becomes.
    var right: String
    var wrong: String
    var type = ProgramType.socketFilter
    var flags: LoadFlags = []
    var testDescription: String { name }
}

private let array = [
    "r1 += 312", "r0 = *(u32 *)(r2 + 0)", "if r0 >= 4 goto +3", "r0 <<= 6", "r0 += r1", "goto +1", "r0 = 0",
]
private let masked = [
    "r1 += 312", "r0 = *(u32 *)(r2 + 0)", "if r0 >= 4 goto +4", "w0 &= 3", "r0 <<= 6", "r0 += r1", "goto +1", "r0 = 0",
]
private let lookup = ["r1 = 0 ll {src=5}", "call 1", "r0 = 0", "exit"]
private let context = ["r2 = *(u8 *)(r1 + 18)", "r0 = 0", "exit"]
private let converted = ["r2 = *(u64 *)(r1 + 16)", "r2 = *(u32 *)(r2 + 8)", "w2 >>= 16", "w2 &= 255", "r0 = 0", "exit"]
private let counted = [
    "*(u64 *)(r10 - 16) = 65535", "*(u64 *)(r10 - 8) = 0", "r11 = *(u64 *)(r10 - 16)", "if r11 == 0 goto +6",
    "r11 -= 1",
    "if r11 != 0 goto +2", "r11 = -16", "call 4711", "*(u64 *)(r10 - 16) = r11", "r0 = 0", "exit",
]

private let values: [PlantedValue] =
    [
        ("bound", "if r0 >= 4 goto +3", "if r0 >= 5 goto +3"), ("element size", "r0 <<= 6", "r0 <<= 5"),
    ].map {
        PlantedValue(
            name: $0.0, input: lookup, result: ["r1 = 0 ll {src=1}"] + array + ["r0 = 0", "exit"], right: $0.1,
            wrong: $0.2)
    }
    + [
        ("mask", "w0 &= 3", "w0 &= 7"), ("base", "r1 += 312", "r1 += 304"),
    ].map {
        PlantedValue(
            name: $0.0, input: lookup.dropLast(2) + lookup,
            result: ["r1 = 0 ll {src=1}"] + masked + ["r1 = 0 ll {src=1}"] + masked + ["r0 = 0", "exit"], right: $0.1,
            wrong: $0.2)
    }
    + [
        ("shift", "w2 >>= 16", "w2 >>= 24"), ("no shift", "w2 >>= 16", "w2 >>= 0"),
        ("mask of a load", "w2 &= 255", "w2 &= 127"),
        ("wide mask", "w2 &= 255", "w2 &= 65535"),
    ].map {
        PlantedValue(name: $0.0, input: context, result: converted, right: $0.1, wrong: $0.2, type: .schedCLS)
    }
    + [
        ("sign", "r2 = (s8)r2", "r2 = (s16)r2"), ("sign of another register", "r2 = (s8)r2", "r2 = (s8)r3"),
    ].map {
        PlantedValue(
            name: $0.0, input: ["r2 = *(s8 *)(r1 + 18)", "r0 = 0", "exit"],
            result: Array(converted.prefix(4)) + ["r2 = (s8)r2"] + converted.suffix(2), right: $0.1, wrong: $0.2,
            type: .schedCLS)
    }
    + [
        ("counter set elsewhere", "*(u64 *)(r10 - 16) = 65535", "*(u64 *)(r10 - 24) = 65535"),
        ("counted elsewhere", "r11 = *(u64 *)(r10 - 16)", "r11 = *(u64 *)(r10 - 24)"),
        ("clock elsewhere", "*(u64 *)(r10 - 8) = 0", "*(u64 *)(r10 - 24) = 0"),
    ].map {
        PlantedValue(
            name: $0.0, input: ["may_goto +1", "r0 = 0", "exit"], result: counted, right: $0.1, wrong: $0.2)
    } + [
        PlantedValue(
            name: "upper half that is read", input: ["w2 = 5", "r0 = r2", "exit"],
            result: ["w2 = 5", "r0 = r2", "exit"], right: "w2 = 5", wrong: "w2 = 5;r11 = 77;r11 <<= 32;r2 |= r11",
            flags: .testRndHi32),
        PlantedValue(
            name: "function of another helper", input: ["call 7", "call 5", "exit"],
            result: ["call 4711", "call 4712", "exit"], right: "call 4712", wrong: "call 4711"),
        PlantedValue(
            name: "offset of a per-cpu variable", input: ["call 8", "call 8", "exit"],
            result: ["r0 = 4711", "r0 = r0 {off=-1}", "r0 = *(u32 *)(r0 + 0)"]
                + ["r0 = 4711", "r0 = r0 {off=-1}", "r0 = *(u32 *)(r0 + 0)", "exit"], right: "r0 = 4711",
            wrong: "r0 = 4719"),
        PlantedValue(
            name: "mask of a tail call", input: ["r2 = 8 ll {src=5}", "call 12", "exit"],
            result: ["r2 = 8 ll {src=1}", "if r3 >= 4 goto +2", "w3 &= 3", "call 12", "exit"], right: "w3 &= 3",
            wrong: "w3 &= 7"),
    ]

@Suite("Values that are changed inside expansions")
struct PlantedValueTests {
    @Test("are found, and the right ones are not", arguments: values)
    func found(_ value: PlantedValue) throws {
        let facts = KernelFacts(
            release: "6.18.0", features: [.rawDump, .jit], functions: Set(KernelFacts.knownFunctions))
        let program = Program(statements: [value.input])
        let loadable = LoadableProgram(program: program, type: value.type, flags: value.flags)
        func report(_ result: [String]) -> RewriteReport {
            var checker = RewriteChecker(facts: facts)
            return checker.check(
                loadable, live: program.insns.map { _ in true }, result: Program(statements: [result]))
        }
        let right = report(value.result)
        #expect(right.isClean, "\(right.findings) \(right.gaps)")
        let place = try #require(value.result.firstIndex(of: value.right))
        var wrong = value.result
        wrong.replaceSubrange(place...place, with: value.wrong.split(separator: ";").map(String.init))
        #expect(!report(wrong).isClean)
    }
}
