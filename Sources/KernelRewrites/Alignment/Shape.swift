import BPF
import Patching

/// What stands in the result for one instruction of the program, or for some code that the kernel put in.
struct Shape: BitwiseCopyable {
    /// No index into the patch.
    static let none = Int8(-1)

    /// What the kernel did; not looked at where the instruction stands as it was.
    var rewrite = Rewrite.inPlace
    /// Whether the instruction stands as it was, but for what the kernel may choose.
    var isItself = false
    /// How many slots of the result it takes; 0 when the shape is not there.
    ///
    /// - Units: slots
    var count: Int32 = 0
    /// Where in the patch the instruction itself stands.
    var keep = Shape.none
    /// Which instruction of the patch is a jump or call to ``target``.
    var from = Shape.none
    var target = InputIndex(rawValue: 0)

    /// The shape is not there.
    static let missing = Shape()

    /// The instruction itself.
    static func itself(width: Int) -> Shape { Shape(isItself: true, count: Int32(width), keep: 0) }

    @inline(__always)
    var isThere: Bool { count > 0 }

    /// The same with so many slots in front.
    func preceded(by slots: Int32, _ rewrite: Rewrite) -> Shape {
        var shape = followed(by: slots, rewrite)
        if shape.keep != Shape.none { shape.keep += Int8(slots) }
        if shape.from != Shape.none { shape.from += Int8(slots) }
        return shape
    }

    /// The same with so many slots behind.
    func followed(by slots: Int32, _ rewrite: Rewrite) -> Shape {
        var shape = self
        shape.count += slots
        // What happened to the instruction itself names the whole.
        if isItself { shape.rewrite = rewrite }
        shape.isItself = false
        return shape
    }
}

/// Reads a shape off the result, one instruction after the other.
struct ShapeReader {
    let insns: UnsafeTypedBuffer<OutputIndex, Instruction>
    let start: OutputIndex
    /// Whether blinding was taken back, which leaves one form of setting a register to 0.
    let isUnblinded: Bool
    private(set) var at: OutputIndex
    /// Whether all that was asked for was there.
    private(set) var isThere = true

    /// Starts reading; behind the result there must be room for the longest shape.
    @inline(__always)
    init(_ insns: UnsafeTypedBuffer<OutputIndex, Instruction>, at start: OutputIndex, isUnblinded: Bool = false) {
        self.insns = insns
        self.start = start
        self.isUnblinded = isUnblinded
        at = start
    }

    /// How many slots were read.
    @inline(__always)
    var count: Int32 { Int32(truncatingIfNeeded: at - start) }

    /// The instruction that is read next.
    @inline(__always)
    var next: Instruction { unsafe insns[at] }

    /// The instruction behind the next one, by so many slots.
    @inline(__always)
    func peek(_ slots: Int) -> Instruction { unsafe insns[at + slots] }

    /// Goes on by one slot and gives it.
    @inline(__always)
    mutating func skip() -> Instruction {
        let insn = unsafe insns[at]
        at = at + 1
        return insn
    }

    /// Reads an instruction that must be exactly this.
    @inline(__always)
    mutating func take(_ expected: Instruction) {
        if !isThere { return }
        let found = skip()
        isThere = found.bits == expected.bits || (isUnblinded && found.bits == expected.zeroingAsMove.bits)
    }

    /// Reads an instruction that must be this, with any `imm`: an address, a size or something random.
    @inline(__always)
    mutating func take(anyImm expected: Instruction) {
        if !isThere { return }
        isThere = UInt32(truncatingIfNeeded: skip().bits) == UInt32(truncatingIfNeeded: expected.bits)
    }

    /// Reads an instruction that must be this, with any `off`: the place of a field.
    @inline(__always)
    mutating func take(anyOff expected: Instruction) {
        if !isThere { return }
        isThere = (skip().bits ^ expected.bits) & ~0xffff_0000 == 0
    }

    /// Reads a wide load of any constant into a register.
    @inline(__always)
    mutating func takeAddress(to dst: UInt8) {
        take(anyImm: Instruction(code: Opcode.loadImmediate64, dst: dst))
        take(anyImm: Instruction.zero)
    }

    /// Reads an instruction that fits a condition.
    @inline(__always)
    mutating func take(where fits: (Instruction) -> Bool) {
        if !isThere { return }
        isThere = fits(skip())
    }

    /// What was read, if all of it was there.
    @inline(__always)
    func shape(_ rewrite: Rewrite, keep: Int32 = -1) -> Shape {
        if !isThere { return .missing }
        return Shape(rewrite: rewrite, count: count, keep: Int8(truncatingIfNeeded: keep))
    }
}
