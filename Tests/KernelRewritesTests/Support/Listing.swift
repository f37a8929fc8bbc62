import BPF
import KernelModel
import KernelRewrites
import Testing

/// A program as text, an instruction a line.
///
/// In front of an instruction may stand `fn`, where a subprogram starts, `x`, where it is dead, and `name:`, a label;
/// behind it `#7`, the number of a line record. Records of subprograms are numbered from 0.
struct Listing {
    private(set) var program = Program(insns: [], aux: [], subprograms: [])
    /// Whether each slot lives.
    private(set) var live: [Bool] = []
    private(set) var labels: [String: Int] = [:]

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - ids: the numbers of subprograms, where some are gone
    ///   - isCompiled: whether calls hold what they do once they have been compiled
    init(_ text: String, ids: [UInt32]? = nil, isCompiled: Bool = false) throws {
        var waiting: [(slot: Int, label: String)] = []
        for line in text.split(separator: "\n") {
            try read(line, ids, &waiting)
        }
        program.aux = Array(repeating: 0, count: program.insns.count)
        for (slot, label) in waiting {
            let target = try #require(labels[label], "no label \(label)")
            let kind = program.insns[slot].jumpKind
            _ = program.insns[slot].setJumpOffset(target - slot - 1, kind)
        }
        if isCompiled { compile() }
    }

    private mutating func read(
        _ line: Substring, _ ids: [UInt32]?, _ waiting: inout [(slot: Int, label: String)]
    ) throws {
        let parts = line.split(separator: "#", omittingEmptySubsequences: false)
        var text = String(parts[0]).trimming()
        if text.isEmpty { return }
        let slot = program.insns.count
        var isLive = true
        while true {
            if text.hasPrefix("fn ") {
                let number = program.subprograms.count
                program.subprograms.append(Subprogram(start: UInt32(slot), id: ids?[number] ?? UInt32(number)))
                text = String(text.dropFirst(3)).trimming()
            } else if text.hasPrefix("x ") {
                isLive = false
                text = String(text.dropFirst(2)).trimming()
            } else if let word = text.split(separator: " ").first, word.hasSuffix(":") {
                labels[String(word.dropLast())] = slot
                text = String(text.dropFirst(word.count)).trimming()
            } else {
                break
            }
        }
        // A label alone stands for what comes next.
        if text.isEmpty { return }
        let statement = try Assembler.statement(text)
        if case .label(let name)? = statement.target { waiting.append((slot, name)) }
        program.insns.append(statement.insn)
        if let second = statement.secondSlot { program.insns.append(second) }
        live += Array(repeating: isLive, count: statement.width)
        if parts.count > 1, let id = UInt32(String(parts[1]).trimming()) {
            program.lines.append(LineRecord(insnOff: UInt32(slot), id: id))
        }
    }

    /// Writes calls as `jit_subprogs` leaves them.
    private mutating func compile() {
        for slot in program.insns.indices {
            let insn = program.insns[slot]
            if !insn.jumpKind.isCall { continue }
            let target = UInt32(slot + 1 + Int(insn.imm))
            let number = Int32(program.subprograms.firstIndex { $0.start == target } ?? -2)
            if insn.isWide {
                program.insns[slot + 1].imm = number
            } else {
                program.insns[slot].off = Int16(truncatingIfNeeded: insn.imm)
                program.insns[slot].imm = number
            }
        }
    }
}

extension String {
    fileprivate func trimming() -> String {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

extension KernelFacts {
    /// A kernel as these tests take it.
    static let example = KernelFacts(release: "6.18.0", features: [.mayGotoNop, .jit, .rawDump])
}

/// Checks a listing against another.
func check(
    _ input: Listing, _ result: Program, flags: LoadFlags = [], functions: [String] = [],
    facts: KernelFacts = .example
) -> RewriteReport {
    var checker = RewriteChecker(facts: facts)
    checker.givesPasses = true
    let loadable = LoadableProgram(program: input.program, flags: flags, kernelFunctions: functions)
    return checker.check(loadable, live: input.live, result: result)
}
