import BPF

/// A jump or call of a program, from slot to slot.
struct Arc: Hashable {
    var source: Int
    var target: Int
    var isCall: Bool
    /// ``Tone/wrong`` and ``Tone/right`` stand out.
    var tone = Tone.plain

    /// Whether it is what the picture is about.
    var standsOut: Bool { tone == .wrong || tone == .right }
}

/// One program of a picture, and what is said about its slots.
struct Listing {
    var title: String
    let program: Program
    /// Whether a slot is the first of an instruction.
    let isStart: [Bool]
    /// Whether a jump or call goes there.
    private(set) var isTarget: [Bool]
    /// Whether there is a jump or call.
    private(set) var isSource: [Bool]
    private(set) var arcs: [Arc] = []
    /// The longest text that ``shortText(of:)`` leaves whole.
    private static let longest = 26
    /// True if wide loads name maps by the number of a ``BPF/MapKind``.
    let namesMaps: Bool
    private let lines: [Int: [UInt32]]
    private let starts: [Int: [UInt32]]

    /// Looks at a program, which need not be well formed.
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

    /// Lets the jump at a slot stand out.
    mutating func emphasize(jumpAt slot: Int, _ tone: Tone) {
        for number in arcs.indices where arcs[number].source == slot { arcs[number].tone = tone }
    }

    /// The subprograms that start at a slot.
    func subprograms(at slot: Int) -> [UInt32] { starts[slot] ?? [] }

    /// How many slots the instruction at a slot takes.
    func width(at slot: Int) -> Int { slot + 1 < isStart.count && !isStart[slot + 1] ? 2 : 1 }

    /// What stands before the instruction: its index, with an `L` where something jumps.
    func name(of slot: Int) -> String { isTarget[slot] ? "L\(slot)" : "\(slot)" }

    /// The instruction at a slot, with the slots that it jumps to.
    func text(of slot: Int) -> String { text(of: slot, as: program.insns[slot]) }

    /// Another instruction as it would stand at a slot.
    func text(of slot: Int, as insn: Instruction) -> String {
        let insns = program.insns
        if insn.isWide, let words = MapLoadWords.text(insn, namesKinds: namesMaps) { return words }
        return Disassembler.text(of: insn, secondSlot: slot + 1 < insns.count ? insns[slot + 1] : nil) {
            let target = slot + 1 + $0
            return insns.indices.contains(target) ? .label("L\(target)") : .relative($0)
        }
    }

    /// The same without the fields that the syntax has no words for, when those make it long.
    func shortText(of slot: Int) -> String {
        let text = text(of: slot)
        guard text.count > Self.longest, let brace = text.firstIndex(of: "{") else { return text }
        return text[..<brace] + "{…}"
    }

    /// The words of aux of the instruction at a slot.
    func aux(of slot: Int) -> String {
        (slot..<slot + width(at: slot)).map { "\(program.aux[$0])" }.joined(separator: " ")
    }

    /// The line records at the instruction at a slot; empty where there are none.
    func lineRecords(of slot: Int) -> String {
        (slot..<slot + width(at: slot)).flatMap { lines[$0] ?? [] }.map { "\($0)" }.joined(separator: " ")
    }

    /// How an instruction is told apart in what campaigns make: by a number in a field that is no offset.
    func marker(at slot: Int) -> Int? {
        guard program.insns.indices.contains(slot) else { return nil }
        let insn = program.insns[slot]
        switch insn.jumpKind {
        case .long, .call, .function: return Int(insn.off)
        case .none, .short: return Int(insn.imm)
        }
    }
}

/// Wide loads of maps and of the kernel's data, in words; in a picture they need not be read back.
enum MapLoadWords {
    /// The load in words, or `nil` for one that the assembler has words for.
    ///
    /// - Parameter namesKinds: whether the number is that of a ``BPF/MapKind``, as in programs that are loaded from here
    /// - Source: `include/uapi/linux/bpf.h`, `BPF_PSEUDO_MAP_FD` and those after it
    static func text(_ insn: Instruction, namesKinds: Bool) -> String? {
        let kind = namesKinds ? MapKind(rawValue: insn.imm).map { "\($0)" } : nil
        let what: String
        switch insn.src {
        case 1: what = "map \(insn.imm)"
        case 2: what = "value of map \(insn.imm)"
        case 3: what = "kernel variable \(insn.imm)"
        case 5: what = "map " + (kind ?? "\(insn.imm)")
        case 6: what = "value of map " + (kind ?? "\(insn.imm)")
        default: return nil
        }
        return "r\(insn.dst) = \(what) ll"
    }
}
