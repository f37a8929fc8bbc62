import BPF
import Fuzzing
import KernelModel

/// A program while it is written, function by function and fragment by fragment.
///
/// Between two fragments lies a *border*. There `r6` holds the context, in functions that have it, and a number in the others;
/// `r7` and `r9` hold numbers, `r8` the address of the value of ``MapKind/singleArray``, and nothing else is promised. So a jump
/// from any border may land on any other of the same function. Conditions never look at `r7` and `r9`: what a condition
/// has looked at once, the verifier knows, and may decide the next one by it.
struct ProgramDraft {
    /// The registers that every border promises.
    enum Kept {
        static let context: UInt8 = 6
        static let number: UInt8 = 7
        static let value: UInt8 = 8
        static let other: UInt8 = 9
    }

    /// What the verifier knows of a jump or call, where that is more than its code says.
    enum Verdict: UInt8 {
        case always, never
        /// A call that does not come back.
        case leaves
    }

    /// A jump whose target is not chosen yet.
    struct OpenJump {
        var slot: Int
        var chunk: Int
        /// The first border that lies behind it.
        var border: Int
        var aim: Aim
        /// The place of the draws for its target.
        var draws: Int
    }

    /// Where a jump shall land.
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

    /// A call or an address of a function that may not stand yet.
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
    /// Where the functions start.
    var starts: [Int] = []
    var kernelFunctions: [String] = []
    private var nextMarker: UInt32

    // MARK: The function at hand

    var number = 0
    var function: FunctionPlan
    /// Whether `r6` holds the context.
    var hasContext = true
    let isRunnable: Bool
    /// Whether addresses may be compared and shown.
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
    /// The first border of each chunk, in the order in which they stand.
    var chunkBorders: [Int] = []
    /// The place of each chunk in the order in which they are gone through.
    var ranks: [Int] = []
    var pendingChild = 0
    /// What calls beyond the needed ones cost the verifier so far.
    var extraCost = 0
    /// How much shorter than they could be the longest jumps are, and which jump leads out of the loop around it all.
    var farSlack = 0
    var farWay = -1
    /// How deep the loops and alternatives at hand are nested.
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

    /// How many slots there are.
    @inline(__always)
    var count: Int { insns.count }

    @inline(__always)
    mutating func add(_ insn: Instruction) { insns.append(insn) }

    /// Puts a wide load at the end.
    @inline(__always)
    mutating func addWide(_ dst: UInt8, src: UInt8 = 0, _ low: Int32, _ high: Int32) {
        add(Instruction(code: Opcode.loadImmediate64, dst: dst, src: src, imm: low))
        add(Instruction(code: 0, imm: high))
    }

    /// Puts a wide load of a map at the end.
    @inline(__always)
    mutating func addMap(_ dst: UInt8, _ kind: MapKind) { addWide(dst, src: Opcode.pseudoMapIndex, kind.rawValue, 0) }

    /// Puts a wide load of the address of a map's value at the end.
    @inline(__always)
    mutating func addValue(_ dst: UInt8, _ kind: MapKind) { addWide(dst, src: 6, kind.rawValue, 0) }

    /// Puts a call of a kernel function at the end.
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
            // An odd factor makes of different numbers different ones, also where the top bit is cut.
            let mixed = (nextMarker &* 0x9e37_79b1) & 0x7fff_ffff
            if mixed > 0xffff { return Int32(bitPattern: mixed) }
        }
    }

    // MARK: Borders

    /// Says that what comes next may be jumped to.
    @inline(__always)
    mutating func border() {
        if borders.last != count { borders.append(count) }
    }

    // MARK: Jumps

    /// Puts a jump at the end whose target is chosen when the function is whole.
    @inline(__always)
    mutating func add(_ insn: Instruction, _ aim: Aim) {
        let place = draws.postpone()
        jumps.append(
            OpenJump(slot: count, chunk: chunkBorders.count - 1, border: borders.count, aim: aim, draws: place))
        add(insn)
    }

    /// Puts a jump at the end whose outcome the verifier knows.
    @inline(__always)
    mutating func add(_ insn: Instruction, _ aim: Aim, _ verdict: Verdict) {
        verdicts.append((count, verdict))
        add(insn, aim)
    }

    /// Says that the instruction that comes next is known to be taken, not taken, or not to come back.
    @inline(__always)
    mutating func decide(_ verdict: Verdict) { verdicts.append((count, verdict)) }

    /// Lets a jump that stands land on a slot.
    @inline(__always)
    mutating func aim(_ slot: Int, at target: Int) { insns[slot].setTarget(target, from: slot) }

    // MARK: Calls

    /// Puts a call of a function of the program at the end.
    mutating func addCall(_ function: Int) {
        calls.append(OpenCall(slot: count, function: function))
        add(Instruction(code: Opcode.call, src: Opcode.pseudoCall))
    }

    /// Puts a wide load of the address of a function of the program at the end.
    mutating func addFunction(_ dst: UInt8, _ function: Int) {
        calls.append(OpenCall(slot: count, function: function))
        addWide(dst, src: Opcode.pseudoFunction, 0, 0)
    }
}

extension Instruction {
    /// Lets this jump or call land on a slot; gives false if it lies out of reach.
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
