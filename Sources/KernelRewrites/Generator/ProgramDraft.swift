import BPF
import Fuzzing
import KernelModel

/// A program that is being written, function by function and fragment by fragment.
///
/// Between two fragments is a *border*. At a border `r6` holds the context, or a number in functions without context;
/// `r7` and `r9` hold numbers, and `r8` the address of the value of ``MapKind/singleArray``. No other register is set.
/// So a jump from any border may land on any other border of the same function. Conditions never read `r7` and `r9`:
/// the verifier learns from a condition, and may decide the next one.
struct ProgramDraft {
    /// The registers that every border promises.
    enum Kept {
        static let context: UInt8 = 6
        static let number: UInt8 = 7
        static let value: UInt8 = 8
        static let other: UInt8 = 9
    }

    /// The verifier's knowledge of a jump or call, beyond its code.
    enum Verdict: UInt8 {
        case always, never
        /// A call that does not return.
        case leaves
    }

    /// A jump whose target is not chosen yet.
    struct OpenJump {
        var slot: Int
        var chunk: Int
        /// The first border after it.
        var border: Int
        var aim: Aim
        /// The place of the draws for its target.
        var draws: Int
    }

    /// The wanted target of a jump.
    enum Aim: UInt8 {
        /// On any border that comes later.
        case later
        /// On one of the next borders.
        case near
        /// On the next border.
        case next
        /// On any border or dead instruction, for a jump that is never taken.
        case anywhere
        /// As far as 16 bits reach.
        case far
        /// On the start of the chunk that follows.
        case nextChunk
    }

    /// A call or an address of a function that may not be written yet.
    struct OpenCall {
        var slot: Int
        var function: Int
    }

    let plan: ProgramPlan
    var draws: Draws
    var insns: [Instruction] = []
    var verdicts: [(slot: Int, verdict: Verdict)] = []
    var jumps: [OpenJump] = []
    var calls: [OpenCall] = []
    /// The starts of the functions.
    var starts: [Int] = []
    var kernelFunctions: [String] = []
    private var nextMarker: UInt32

    // MARK: The current function

    var number = 0
    var function: FunctionPlan
    /// True if `r6` holds the context.
    var hasContext = true
    let isRunnable: Bool
    /// True if addresses may be compared and shown.
    let isTrusted: Bool
    /// The fragments that it may have.
    var fragments: FragmentSet = []
    /// Those of them that every program has, and those that not every program has.
    var common: FragmentSet = []
    var featured: FragmentSet = []
    /// Slots that may be jumped to.
    var borders: [Int] = []
    /// Dead slots that start an instruction.
    var deadSlots: [Int] = []
    /// The first border of each chunk, in the order of the code.
    var chunkBorders: [Int] = []
    /// The place of each chunk in the order in which they run.
    var ranks: [Int] = []
    var pendingChild = 0
    /// The cost for the verifier of all extra calls so far.
    var extraCost = 0
    /// The distance between the longest jumps and the range of 16 bits, and the jump out of the outer loop.
    var farSlack = 0
    var farWay = -1
    /// The nesting of the current loops and alternatives.
    var nesting = 0

    init(plan: ProgramPlan, draws: Draws, room: Int) {
        self.plan = plan
        function = plan.functions[0]
        isRunnable = plan.isRunnable
        isTrusted = plan.privilege == .all
        self.draws = draws
        nextMarker = UInt32(truncatingIfNeeded: self.draws.number())
        insns.reserveCapacity(room)
        borders.reserveCapacity(room / 2)
    }

    // MARK: Instructions

    /// The number of slots.
    @inline(__always)
    var count: Int { insns.count }

    @inline(__always)
    mutating func add(_ insn: Instruction) { insns.append(insn) }

    /// Appends a wide load.
    @inline(__always)
    mutating func addWide(_ dst: UInt8, src: UInt8 = 0, _ low: Int32, _ high: Int32) {
        add(Instruction(code: Opcode.loadImmediate64, dst: dst, src: src, imm: low))
        add(Instruction(code: 0, imm: high))
    }

    /// Appends a wide load of a map.
    @inline(__always)
    mutating func addMap(_ dst: UInt8, _ kind: MapKind) { addWide(dst, src: Opcode.pseudoMapIndex, kind.rawValue, 0) }

    /// Appends a wide load of the address of a map's value.
    @inline(__always)
    mutating func addValue(_ dst: UInt8, _ kind: MapKind) { addWide(dst, src: 6, kind.rawValue, 0) }

    /// Appends a call of a kernel function.
    mutating func addKernelCall(_ name: String) {
        let known = kernelFunctions.firstIndex(of: name)
        if known == nil { kernelFunctions.append(name) }
        add(
            Instruction(
                code: Opcode.call, src: Opcode.pseudoKernelFunction,
                imm: Int32(truncatingIfNeeded: known ?? kernelFunctions.count - 1)))
    }

    /// A positive number of 31 bits that no other instruction of the program has.
    @inline(__always)
    mutating func marker() -> Int32 {
        while true {
            nextMarker &+= 1
            // An odd factor maps different numbers to different ones, even without the top bit.
            let mixed = (nextMarker &* 0x9e37_79b1) & 0x7fff_ffff
            if mixed > 0xffff { return Int32(bitPattern: mixed) }
        }
    }

    // MARK: Borders

    /// Marks the next instruction as a possible target.
    @inline(__always)
    mutating func border() {
        if borders.last != count { borders.append(count) }
    }

    // MARK: Jumps

    /// Appends a jump whose target is chosen after the function is written.
    @inline(__always)
    mutating func add(_ insn: Instruction, _ aim: Aim) {
        let place = draws.postpone()
        jumps.append(
            OpenJump(slot: count, chunk: chunkBorders.count - 1, border: borders.count, aim: aim, draws: place))
        add(insn)
    }

    /// Appends a jump that the verifier decides.
    @inline(__always)
    mutating func add(_ insn: Instruction, _ aim: Aim, _ verdict: Verdict) {
        verdicts.append((count, verdict))
        add(insn, aim)
    }

    /// Marks the next instruction as always taken, never taken, or not returning.
    @inline(__always)
    mutating func decide(_ verdict: Verdict) { verdicts.append((count, verdict)) }

    /// Sets the target of a jump.
    @inline(__always)
    mutating func aim(_ slot: Int, at target: Int) { insns[slot].setTarget(target, from: slot) }

    // MARK: Calls

    /// Appends a call of a function of the program.
    mutating func addCall(_ function: Int) {
        calls.append(OpenCall(slot: count, function: function))
        add(Instruction(code: Opcode.call, src: Opcode.pseudoCall))
    }

    /// Appends a wide load of the address of a function of the program.
    mutating func addFunction(_ dst: UInt8, _ function: Int) {
        calls.append(OpenCall(slot: count, function: function))
        addWide(dst, src: Opcode.pseudoFunction, 0, 0)
    }
}

extension Instruction {
    /// Sets the target of this jump or call; returns false if it is out of range.
    @discardableResult @inline(__always)
    mutating func setTarget(_ target: Int, from slot: Int) -> Bool {
        let distance = target - slot - 1
        if jumpKind == .short {
            guard let short = Int16(exactly: distance) else { return false }
            off = short
        } else {
            imm = Int32(truncatingIfNeeded: distance)
        }
        return true
    }
}
