import BPF
import Fuzzing
import KernelModel

/// The fault of a kernel case in one sentence: a part of the result, its correct value and its actual value.
///
/// The judge, `show`, the C program, reports and JSON print this sentence. It follows from the case alone, so they print
/// the same one.
struct KernelHeadline {
    /// The relation between the part and a value, for the correct value and for the actual one.
    struct Verb {
        var base: String
        var present: String

        static let be = Verb(base: "be", present: "is")
        static let have = Verb(base: "have", present: "has")
        static let reach = Verb(base: "reach", present: "reaches")
        static let load = Verb(base: "load", present: "loads")
        static let start = Verb(base: "start", present: "starts")
        static let `return` = Verb(base: "return", present: "returns")
    }

    /// The part of the result: slot 7 and its instruction, a row of a table, or the program.
    let subject: String
    /// The correct value and the actual one, with the relation of each to the part.
    ///
    /// The correct one is `nil` if the rules do not define it.
    let must: (verb: Verb, value: String)?
    let found: (verb: Verb, value: String)
    /// The slot of the result that the sentence names, if it names one.
    private(set) var slot: Int?
    /// True if the case stores the same value as seen and as correct, as early versions did.
    private(set) var isContradictory = false

    /// The sentence.
    var text: String {
        if isContradictory { return "the file is contradictory: its seen and correct values are both \(subject)" }
        let words = subject + (must.map { " must \($0.verb.base) \($0.value)," } ?? "")
        return words + " \(found.verb.present) \(found.value)"
    }

    private init(_ subject: String, _ must: (Verb, String)?, _ found: (Verb, String), slot: Int? = nil) {
        self.subject = subject
        self.must = must.map { (verb: $0.0, value: $0.1) }
        self.found = (verb: found.0, value: found.1)
        self.slot = slot
    }

    private init(_ subject: String, _ verb: Verb, _ must: String?, _ found: String, slot: Int? = nil) {
        self.init(subject, must.map { (verb, $0) }, (verb, found), slot: slot)
    }

    /// - Complexity: O(subprograms)
    init(_ c: Case) {
        let rule = c.bucket.flatMap(Bucket.rule(of:))
        guard let loading = c.loading, let seen = loading.seen else {
            self = Self.withoutResult(rule)
            return
        }
        // Earlier files leave it to the rules.
        let must = loading.must ?? (loading.given == nil ? seen.ruled(by: c.expected) : nil)
        if must == seen {
            self.init(seen.text, .be, nil, "")
            isContradictory = true
            return
        }
        switch seen {
        case .insn(let slot, let insn, let second):
            var wanted: (Instruction, Instruction?)?
            if case .insn(_, let insn, let second)? = must { wanted = (insn, second) }
            self = Self.insn(slot, (insn, second), wanted, c)
        case .target(let slot, let number):
            func words(_ number: UInt32?) -> String {
                "the address of " + (number.map { "subprogram \($0)" } ?? "no subprogram")
            }
            var wanted: String?
            if case .target(_, let number)? = must { wanted = words(number) }
            self.init("slot \(slot)" + Self.quoted(slot, loading.given), .load, wanted, words(number), slot: slot)
        case .value(let value, let flags):
            var wanted: String?
            if case .value(let value, let flags)? = must {
                wanted = Self.hexadecimal(value) + " as with flags " + Self.hexadecimal(flags.rawValue)
            }
            let found = "\(Self.hexadecimal(value)) with flags \(Self.hexadecimal(flags.rawValue))"
            self.init("the program", .return, wanted, found)
        case .length(let count):
            var wanted: String?
            if case .length(let count)? = must { wanted = CountText.of(count, "slot") }
            self.init("the result", .have, wanted, CountText.of(count, "slot"))
        case .subprogram(let row, let start): self = Self.subprogram(row, start, must, rule)
        case .line(let row, let line): self = Self.line(row, line, must)
        case .refusal(let text):
            self.init("the program", (.be, "accepted"), (.be, "refused: \(text)"))
        }
    }

    // MARK: Parts

    /// The sentence if nothing was read back.
    private static func withoutResult(_ rule: BrokenRule?) -> KernelHeadline {
        let subject = "loading the program"
        let end = Verb(base: "end", present: "ends")
        switch rule {
        case .crash: return KernelHeadline(subject, end, "with a result", "the process")
        case .hang:
            return KernelHeadline(subject, (end, "in time"), (Verb(base: "go on", present: "goes on"), "without end"))
        case .memory:
            return KernelHeadline(
                subject, Verb(base: "take", present: "takes"), "no more memory than a process is given", "more")
        case .kernelLog:
            return KernelHeadline(
                subject, Verb(base: "leave", present: "leaves"), "no complaint in the kernel's log", "one")
        case .execution:
            return KernelHeadline("the program", .return, "the same value as without the rewrites", "another value")
        default: return KernelHeadline("the case", .have, nil, "no observation of the fault")
        }
    }

    private static func subprogram(
        _ row: Int, _ start: UInt32?, _ must: Case.Loading.Observed?, _ rule: BrokenRule?
    ) -> KernelHeadline {
        let subject = "subprogram \(row)"
        func value(_ start: UInt32?, else absent: String) -> (Verb, String) {
            start.map { (.start, "at slot \($0)") } ?? (.be, absent)
        }
        let found = value(start, else: "missing")
        if case .subprogram(_, let wanted)? = must {
            return KernelHeadline(subject, value(wanted, else: "gone"), found)
        }
        // What jumps or calls reach must not be removed.
        let isReached = rule == .wrongLanding && start == nil
        return KernelHeadline(subject, isReached ? (.be, "in the result, since it is reached") : nil, found)
    }

    private static func line(_ row: Int, _ line: LineRecord?, _ must: Case.Loading.Observed?) -> KernelHeadline {
        func value(_ line: LineRecord?, else absent: String) -> String {
            line.map { "line \($0.id) at slot \($0.insnOff)" } ?? absent
        }
        var wanted: String?
        if case .line(_, let line)? = must { wanted = value(line, else: "gone") }
        return KernelHeadline("line record \(row)", .be, wanted, value(line, else: "missing"))
    }

    /// An instruction and, for a wide load, its second slot.
    private typealias Insn = (insn: Instruction, second: Instruction?)

    private static func insn(_ slot: Int, _ seen: Insn, _ must: Insn?, _ c: Case) -> KernelHeadline {
        // Calls are those of the loaded program: a compiled one has a number too.
        let (given, expected) = compared(slot, c)
        let kind = seen.insn.jumpKind
        let text = text(given?.insn ?? seen.insn, given?.second ?? seen.second, slot)
        let subject = "slot \(slot) `\(text)`"
        let word = c.bucket.flatMap(Bucket.init)
        if word?.insn.hasSuffix("-number") == true, let must {
            return KernelHeadline(
                subject, .have, "the number of subprogram \(number(must, besides: seen))",
                "that of subprogram \(number(seen, besides: must))", slot: slot)
        }
        let programs = (given: given == nil ? nil : c.loading?.given, expected: given == nil ? nil : c.expectedProgram)
        let reached = target(given?.insn ?? seen.insn, slot)
        let wanted = expected.map { target($0.insn, slot) } ?? must.map { target($0.insn, slot) } ?? nil
        if kind != .none, let reached, let wanted, wanted != reached {
            return KernelHeadline(
                subject, .reach, place(wanted, programs.expected), place(reached, programs.given), slot: slot)
        }
        if let (must, found) = must.map({ ($0, seen) })
            ?? expected.flatMap({ expected in given.map { (expected, $0) } }),
            must != found
        {
            var words = (Self.text(must.insn, must.second, slot), Self.text(found.insn, found.second, slot))
            // The text of a jump may leave out the field that differs.
            if words.0 == words.1 { words = (raw(must), raw(found)) }
            return KernelHeadline("slot \(slot)", .be, "`\(words.0)`", "`\(words.1)`", slot: slot)
        }
        let isUnexplained = word?.rule == .notUnderstood
        if kind != .none, let reached, !isUnexplained {
            return KernelHeadline(subject, .reach, nil, place(reached, programs.given), slot: slot)
        }
        let reason = isUnexplained ? ", which no known rewrite explains" : word.map { ": " + $0.sentence }
        return KernelHeadline("slot \(slot)", .be, nil, "`\(text)`" + (reason ?? ""), slot: slot)
    }

    /// The number of a subprogram in a call or address; the other field is the same as in another one.
    private static func number(_ insn: Insn, besides other: Insn) -> Int {
        if insn.insn.jumpKind == .function { return Int(insn.second?.imm ?? 0) }
        return insn.insn.imm == other.insn.imm ? Int(insn.insn.off) : Int(insn.insn.imm)
    }

    // MARK: Words

    /// The instruction at a slot of the kernel's result and of the expected one, as the oracle compared them; `nil` if
    /// the case does not have both, or not in the same slots as the program that was read back.
    private static func compared(_ slot: Int, _ c: Case) -> (given: Insn?, expected: Insn?) {
        guard case .insn(_, let seen, _)? = c.loading?.seen, let given = c.loading?.given?.insns,
            let expected = c.expectedProgram?.insns, given.count == expected.count,
            given.indices.contains(slot),
            seen.jumpKind.isJump ? given[slot] == seen : given[slot].code == seen.code && given[slot].src == seen.src
        else { return (nil, nil) }
        func insn(_ insns: [Instruction]) -> Insn {
            (insns[slot], insns[slot].isWide && slot + 1 < insns.count ? insns[slot + 1] : nil)
        }
        return (insn(given), insn(expected))
    }

    /// The slot that a jump, call or address reaches; `nil` for another instruction.
    private static func target(_ insn: Instruction, _ slot: Int) -> Int? {
        let kind = insn.jumpKind
        if kind == .none { return nil }
        // After the JIT, the verifier leaves the offset of a call in `off`, and a number in `imm`.
        if kind == .call && insn.off != 0 { return slot + 1 + Int(insn.off) }
        return slot + 1 + insn.jumpOffset(kind)
    }

    /// A slot of a program, with its instruction and the subprogram that starts there.
    private static func place(_ slot: Int, _ program: Program?) -> String {
        guard let program else { return "slot \(slot)" }
        if !program.insns.indices.contains(slot) { return "slot \(slot), outside the program" }
        let row = program.subprograms.firstIndex { Int($0.start) == slot }
        return "slot \(slot)" + quoted(slot, program) + (row.map { " of subprogram \($0)" } ?? "")
    }

    /// The instruction at a slot; empty if it is unknown.
    private static func quoted(_ slot: Int, _ program: Program?) -> String {
        guard let insns = program?.insns, insns.indices.contains(slot) else { return "" }
        return " `" + text(insns[slot], slot + 1 < insns.count ? insns[slot + 1] : nil, slot) + "`"
    }

    private static func text(_ insn: Instruction, _ second: Instruction?, _ slot: Int) -> String {
        Disassembler.text(of: insn, secondSlot: second ?? (insn.isWide ? .zero : nil)) { .label("L\(slot + 1 + $0)") }
    }

    /// All fields of an instruction.
    private static func raw(_ insn: Insn) -> String {
        ([insn.insn] + (insn.second.map { [$0] } ?? [])).map {
            "code \(hexadecimal(UInt32($0.code))) dst \($0.dst) src \($0.src) off \($0.off) imm \($0.imm)"
        }.joined(separator: "; ")
    }

    /// A number as C has it: `0x1f`.
    private static func hexadecimal(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }
}

extension Case {
    /// The expected result, if it is a whole program.
    fileprivate var expectedProgram: Program? {
        guard case .result(let insns?, _, let subprograms?, let lines?) = expected else { return nil }
        return Program(insns: insns, subprograms: subprograms, lines: lines)
    }
}
