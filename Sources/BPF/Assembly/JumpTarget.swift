/// Where a jump or call goes, as its operand says it.
public enum JumpTarget: Hashable, Sendable, CustomStringConvertible {
    /// A name: `goto loop`.
    case label(String)
    /// A distance from the slot behind the instruction: `goto +3`, as LLVM prints it.
    ///
    /// - Units: slots
    case relative(Int)
    /// In a patch, a slot of the pass's input: `goto @7`.
    case inputIndex(UInt32)
    /// In a patch, a slot of the pass's input by its name: `goto @loop`.
    case inputLabel(String)
    /// In a patch, what comes behind the patch: `goto out`. Elsewhere a label like any other.
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
