import BPF

/// What an edit brings: instructions, the replaced instruction itself, and jumps whose offsets nobody has to count.
///
/// A patch is a value that can be made once and used in many edits. Labels, the kept instruction and jumps to the program
/// become offsets, placeholders and refs when it is used.
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
    /// A place in a patch that jumps of the same patch can name, before or after it is known.
    public struct Label: Hashable, Sendable {
        let number: Int
    }

    /// Where a jump or call of a patch goes.
    public enum Target: Hashable, Sendable {
        /// A place in the patch; a label behind its last instruction means leaving it.
        case label(Label)
        /// An instruction of the program, by its original index; for a call, the start of a subprogram.
        case instruction(InputIndex)
        /// What comes behind the patch.
        case end
    }

    /// A jump or call that waits for its target's place.
    struct Jump: Hashable, Sendable {
        var slot: Int
        var target: Target
    }

    /// The slots; one stands for the kept instruction, however wide that will be.
    private(set) var insns: [Instruction]
    /// Where the kept instruction stands.
    private(set) var keep: Int?
    private var jumps: [Jump] = []
    /// Where each label stands, -1 while it is not placed.
    private var places: [Int] = []

    /// Makes an empty patch.
    public init() { insns = [] }

    /// Makes a patch of plain instructions.
    ///
    /// The offset of a jump among them is relative to the patch, as SEMANTICS has it.
    ///
    /// - Complexity: O(slots)
    public init(_ insns: some Sequence<Instruction>) { self.insns = Array(insns) }

    /// Whether it brings nothing at all.
    public var isEmpty: Bool { insns.isEmpty }

    /// Adds an instruction, or one slot of a wide load, as it is.
    ///
    /// The offset of a jump added this way counts slots of the patch by hand.
    ///
    /// - Complexity: O(1), amortised
    public mutating func add(_ insn: Instruction) { insns.append(insn) }

    /// Adds a jump or call that reaches the target, whatever its offset field holds; of a pseudo function, the first slot.
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
    /// If it is a jump, it still reaches its own target. Only a patch for exactly one instruction can keep it.
    ///
    /// - Precondition: the patch keeps nothing yet
    /// - Complexity: O(1), amortised
    public mutating func addKept() {
        precondition(keep == nil, "a patch keeps one instruction")
        keep = insns.count
        insns.append(.zero)
    }

    /// Makes a label for a place that ``place(_:)`` names, sooner or later.
    ///
    /// - Complexity: O(1), amortised
    public mutating func makeLabel() -> Label {
        places.append(-1)
        return Label(number: places.count - 1)
    }

    /// Lets a label of this patch stand before whatever is added next.
    ///
    /// - Precondition: the label is not placed yet
    /// - Complexity: O(1)
    public mutating func place(_ label: Label) {
        precondition(places[label.number] < 0, "a label stands at one place")
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
    /// Puts the patch at the end of the last edit of a pass.
    ///
    /// - Parameter keptWidth: how wide the replaced instruction is, in slots
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
                precondition(place >= 0, "a jump names a label that stands nowhere")
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
