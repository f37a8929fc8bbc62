import BPF

/// The new code of an edit: instructions, the replaced instruction itself, and jumps to labels or to the program.
///
/// A patch is a value and can be used in many edits. Each edit computes the offsets of its jumps.
///
/// ```swift
/// var patch = Patch()
/// let done = patch.makeLabel()
/// patch.add(Instruction(code: 0x55, dst: 1), to: .label(done))         // if r1 != 0 goto done
/// patch.add(Instruction(code: Opcode.ja), to: .instruction(target))    // goto an instruction of the program
/// patch.place(done)
/// patch.addKept()                                                      // the replaced instruction
/// ```
///
/// The same as text, and a patch without jumps as plain instructions:
///
/// ```swift
/// let same = try Patch("if r1 != 0 goto done; goto @\(target); done: kept")
/// let plain: Patch = [Instruction(code: Opcode.movImmediate64, dst: 1, imm: 5)]
/// ```
///
/// - Source: SEMANTICS, "Edit"
public struct Patch: Hashable, Sendable {
    /// The name of a place in a patch, for jumps of the same patch. It may be used before it is placed.
    public struct Label: Hashable, Sendable {
        let number: Int
    }

    /// The target of a jump or call of a patch.
    public enum Target: Hashable, Sendable {
        /// A place in the patch; a label after its last instruction is the end.
        case label(Label)
        /// An instruction of the program, by its original index; for a call, the start of a subprogram.
        case instruction(InputIndex)
        /// The end of the patch: the instruction that follows it.
        case end
    }

    /// A jump or call whose offset is computed when the patch is used.
    struct Jump: Hashable, Sendable {
        var slot: Int
        var target: Target
    }

    /// The slots; the kept instruction takes one slot here, even if it is wide.
    private(set) var insns: [Instruction]
    /// The place of the kept instruction.
    private(set) var keep: Int?
    private var jumps: [Jump] = []
    /// The place of each label; -1 before it is placed.
    private var places: [Int] = []

    /// Makes an empty patch.
    public init() { insns = [] }

    /// Makes a patch of plain instructions.
    ///
    /// The offset of a jump among them is relative to the patch.
    ///
    /// - Complexity: O(slots)
    public init(_ insns: some Sequence<Instruction>) { self.insns = Array(insns) }

    /// True if the patch has no instructions.
    public var isEmpty: Bool { insns.isEmpty }

    /// Adds an instruction, or one slot of a wide load, unchanged.
    ///
    /// The offset of a jump that is added this way must count slots of the patch.
    ///
    /// - Complexity: O(1), amortised
    public mutating func add(_ insn: Instruction) { insns.append(insn) }

    /// Adds a jump or call to a target. Its own offset is ignored. Of a pseudo function, add only the first slot this
    /// way.
    ///
    /// - Precondition: the instruction is a jump or call; a label is one of this patch
    /// - Complexity: O(1), amortised
    public mutating func add(_ jump: Instruction, to target: Target) {
        precondition(jump.jumpKind != .none, "code \(jump.code) is no jump or call")
        jumps.append(Jump(slot: insns.count, target: target))
        insns.append(jump)
    }

    /// Adds a pseudo call of the subprogram that starts at an original index.
    ///
    /// - Complexity: O(1), amortised
    public mutating func addCall(to start: InputIndex) {
        add(Instruction(code: Opcode.call, src: Opcode.pseudoCall), to: .instruction(start))
    }

    /// Adds the replaced instruction itself, both slots of a wide load.
    ///
    /// If it is a jump, it still reaches its own target. Only a patch that replaces exactly one instruction can keep
    /// it.
    ///
    /// - Precondition: the patch keeps nothing yet
    /// - Complexity: O(1), amortised
    public mutating func addKept() {
        precondition(keep == nil, "a patch keeps one instruction")
        keep = insns.count
        insns.append(.zero)
    }

    /// Makes a label; ``place(_:)`` sets its place.
    ///
    /// - Complexity: O(1), amortised
    public mutating func makeLabel() -> Label {
        places.append(-1)
        return Label(number: places.count - 1)
    }

    /// Places a label before the instruction that is added next.
    ///
    /// - Precondition: the label is not placed yet
    /// - Complexity: O(1)
    public mutating func place(_ label: Label) {
        precondition(places[label.number] < 0, "a label is placed twice")
        places[label.number] = insns.count
    }

    /// Empties the patch and keeps its memory.
    ///
    /// - Complexity: O(slots)
    public mutating func removeAll() {
        insns.removeAll(keepingCapacity: true)
        jumps.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        keep = nil
    }
}

extension Patch: ExpressibleByArrayLiteral {
    /// Makes a patch of plain instructions.
    public init(arrayLiteral insns: Instruction...) { self.init(insns) }
}

extension Patch {
    /// Adds the patch to the last edit of a pass.
    ///
    /// - Parameter keptWidth: the width of the replaced instruction in slots
    /// - Throws: the slot of the pass's patch whose jump is too far for its 16 bits
    /// - Precondition: all labels that jumps name are placed
    /// - Complexity: O(slots)
    func write(to pass: PassBuffer, keptWidth: Int) throws(TooFar) {
        if jumps.isEmpty && keep == nil {
            for insn in insns { pass.addPatch(insn) }
            return
        }
        let widening = keep == nil ? 0 : keptWidth - 1
        let keep = keep ?? insns.count
        let count = insns.count + widening
        var next = 0
        for slot in insns.indices {
            if slot == keep {
                for number in 0...widening {
                    let place = pass.addPatch(.zero)
                    if number == 0 { pass.updateLast { $0.keep = place.rawValue } }
                }
                continue
            }
            var insn = insns[slot]
            if next == jumps.count || jumps[next].slot != slot {
                pass.addPatch(insn)
                continue
            }
            let own = slot > keep ? slot + widening : slot
            var offset = 0
            switch jumps[next].target {
            case .instruction: break
            case .end: offset = count - own - 1
            case .label(let label):
                let place = places[label.number]
                precondition(place >= 0, "a jump names a label that is not placed")
                offset = (place > keep ? place + widening : place) - own - 1
            }
            let fits = insn.setJumpOffset(offset, insn.jumpKind)
            let from = pass.addPatch(insn)
            if !fits { throw TooFar(slot: from) }
            if case .instruction(let to) = jumps[next].target { pass.addRef(Ref(from: from, to: to)) }
            next += 1
        }
    }

    /// A jump of a patch to a label is too far for its 16 bits.
    struct TooFar: Error {
        var slot: PatchIndex
    }
}
