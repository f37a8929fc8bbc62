/// The operand of a jump or call.
public enum JumpTarget: Hashable, Sendable, CustomStringConvertible {
    /// A name: `goto loop`.
    case label(String)
    /// A distance from the slot after the instruction: `goto +3`, as LLVM prints it.
    ///
    /// - Units: slots
    case relative(Int)
    /// In a patch, a slot of the pass's input: `goto @7`.
    case inputIndex(UInt32)
    /// In a patch, a slot of the pass's input by its name: `goto @loop`.
    case inputLabel(String)
    /// In a patch, the end of the patch: `goto out`. Elsewhere an ordinary label.
    case out

    /// The operand as the assembler reads it.
    public var description: String {
        switch self {
        case .label(let name): name
        case .relative(let distance): distance < 0 ? "\(distance)" : "+\(distance)"
        case .inputIndex(let index): "@\(index)"
        case .inputLabel(let name): "@\(name)"
        case .out: "out"
        }
    }
}
