import BPF
import KernelModel

/// A jump or call of a program, from slot to slot.
struct Arc: Hashable {
    var source: Int
    var target: Int
    var isCall: Bool
    /// ``Tone/wrong`` and ``Tone/right`` are drawn heavy.
    var tone = Tone.plain

    /// True for a wrong jump and for the expected one.
    var isEmphasized: Bool { tone == .wrong || tone == .right }
}

/// One program of a picture, with the texts of its slots.
struct Listing {
    var title: String
    let program: Program
    /// True for the first slot of an instruction.
    let isStart: [Bool]
    /// True for the target of a jump or call.
    private(set) var isTarget: [Bool]
    /// True for a jump or call.
    private(set) var isSource: [Bool]
    private(set) var arcs: [Arc] = []
    /// The longest text that ``shortText(of:)`` does not shorten.
    private static let longest = 26
    /// True if wide loads name maps by the number of a ``BPF/MapKind``.
    let namesMaps: Bool
    private let lines: [Int: [UInt32]]
    private let starts: [Int: [UInt32]]

    /// Lists a program, which need not be well formed.
    ///
    /// - Complexity: O(slots)
    init(_ title: String, _ program: Program, namesMaps: Bool = false) {
        self.namesMaps = namesMaps
        self.title = title
        self.program = program
        let insns = program.insns
        var isStart = Array(repeating: true, count: insns.count)
        isTarget = Array(repeating: false, count: insns.count)
        isSource = isTarget
        var at = 0
        while at < insns.count {
            let kind = insns[at].jumpKind
            if kind != .none {
                let target = at + 1 + insns[at].jumpOffset(kind)
                isSource[at] = true
                if insns.indices.contains(target) {
                    isTarget[target] = true
                    arcs.append(Arc(source: at, target: target, isCall: kind.isCall))
                }
            }
            let width = Disassembler.width(of: insns[at], secondSlot: at + 1 < insns.count ? insns[at + 1] : nil)
            if width == 2 { isStart[at + 1] = false }
            at += width
        }
        self.isStart = isStart
        lines = Dictionary(program.lines.map { (Int($0.insnOff), [$0.id]) }) { $0 + $1 }
        starts = Dictionary(program.subprograms.map { (Int($0.start), [$0.id]) }) { $0 + $1 }
    }

    /// Draws the jump at a slot heavy.
    mutating func emphasize(jumpAt slot: Int, _ tone: Tone) {
        for number in arcs.indices where arcs[number].source == slot { arcs[number].tone = tone }
    }

    /// The subprograms that start at a slot.
    func subprograms(at slot: Int) -> [UInt32] { starts[slot] ?? [] }

    /// The number of slots of the instruction at a slot.
    func width(at slot: Int) -> Int { slot + 1 < isStart.count && !isStart[slot + 1] ? 2 : 1 }

    /// The index of a slot, with an `L` before it for a jump target.
    func name(of slot: Int) -> String { isTarget[slot] ? "L\(slot)" : "\(slot)" }

    /// The instruction at a slot, with its jump target as a label.
    func text(of slot: Int) -> String { text(of: slot, as: program.insns[slot]) }

    /// The text of another instruction at the same slot.
    func text(of slot: Int, as insn: Instruction) -> String {
        let insns = program.insns
        if insn.isWide, let words = MapLoadWords.text(insn, namesKinds: namesMaps) { return words }
        return Disassembler.text(of: insn, secondSlot: slot + 1 < insns.count ? insns[slot + 1] : nil) {
            let target = slot + 1 + $0
            return insns.indices.contains(target) ? .label("L\(target)") : .relative($0)
        }
    }

    /// The text at a slot; in a long one, `{…}` replaces the fields in braces.
    func shortText(of slot: Int) -> String {
        let text = text(of: slot)
        guard text.count > Self.longest, let brace = text.firstIndex(of: "{") else { return text }
        return text[..<brace] + "{…}"
    }

    /// The aux words of the instruction at a slot.
    func aux(of slot: Int) -> String {
        (slot..<slot + width(at: slot)).map { "\(program.aux[$0])" }.joined(separator: " ")
    }

    /// The line records of the instruction at a slot; empty if there are none.
    func lineRecords(of slot: Int) -> String {
        (slot..<slot + width(at: slot)).flatMap { lines[$0] ?? [] }.map { "\($0)" }.joined(separator: " ")
    }

    /// The number that identifies an instruction of a generated program, in a field other than the jump offset.
    func marker(at slot: Int) -> Int? {
        guard program.insns.indices.contains(slot) else { return nil }
        let insn = program.insns[slot]
        switch insn.jumpKind {
        case .long, .call, .function: return Int(insn.off)
        case .none, .short: return Int(insn.imm)
        }
    }
}

/// Words for wide loads of maps and of kernel variables. The assembler has no syntax for these.
enum MapLoadWords {
    /// The load in words, or `nil` if the assembler has a syntax for it.
    ///
    /// - Parameter namesKinds: true if the number is that of a ``BPF/MapKind``, as in programs that this tool loads
    /// - Source: `include/uapi/linux/bpf.h`, `BPF_PSEUDO_MAP_FD` and those after it
    static func text(_ insn: Instruction, namesKinds: Bool) -> String? {
        let kind = namesKinds ? MapKind(rawValue: insn.imm).map { "\($0)" } : nil
        let object: String
        switch insn.src {
        case 1: object = "map \(insn.imm)"
        case 2: object = "value of map \(insn.imm)"
        case 3: object = "kernel variable \(insn.imm)"
        case 5: object = "map " + (kind ?? "\(insn.imm)")
        case 6: object = "value of map " + (kind ?? "\(insn.imm)")
        default: return nil
        }
        return "r\(insn.dst) = \(object) ll"
    }
}
