/// Where a jump or a neighbour meets a rewritten instruction.
package enum RewriteBorder: String, Hashable, Sendable, CaseIterable, Codable {
    /// A jump or call reaches the rewritten instruction.
    case first
    /// A jump or call reaches the instruction behind it.
    case behind
    /// A jump or call reaches the instruction in front of it.
    case before
    /// The rewritten instruction is itself the jump or call.
    case from
    /// It is the first instruction of its subprogram.
    case subprogramStart = "subprog-start"
    /// It is the last instruction of its subprogram.
    case subprogramEnd = "subprog-end"
    /// The instruction in front of it is rewritten too.
    case adjacent
    /// Every time the rewrite happened, whatever is around it.
    case none
}

/// A kind of jump or call with its direction, as far as coverage tells them apart.
package enum JumpCourse: String, Hashable, Sendable, CaseIterable, Codable {
    /// No jump: the border is one of neighbours.
    case none
    case jaForward = "ja-forward"
    case jaBackward = "ja-backward"
    case conditionalForward = "conditional-forward"
    case conditionalBackward = "conditional-backward"
    case conditional32Forward = "conditional32-forward"
    case conditional32Backward = "conditional32-backward"
    case gotolForward = "gotol-forward"
    case gotolBackward = "gotol-backward"
    case mayGotoForward = "may-goto-forward"
    case mayGotoBackward = "may-goto-backward"
    case callForward = "call-forward"
    case callBackward = "call-backward"
    case pseudoFunctionForward = "pseudo-func-forward"
    case pseudoFunctionBackward = "pseudo-func-backward"
}
