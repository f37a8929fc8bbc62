/// The word for an instruction in buckets, without the direction and the role of a jump.
package enum InstructionKind: String, Hashable, Sendable, CaseIterable {
    case ja, gotol, cond, cond32
    case mayGoto = "may-goto"
    case gotox, call
    case pseudoFunction = "pseudo-func"
    case helper, kfunc, exit
    case wideLoad = "ld-imm64"
    case secondSlot = "second-slot"
    case ld, ldx, st, stx, alu, alu64, jmp, jmp32

    /// The instruction in a sentence, with an article.
    package var phrase: String { article + " " + noun }

    /// The instruction in a sentence, with direction and role.
    func phrase(_ way: Way?, _ role: JumpRole?) -> String {
        let words = [way.map { "a \($0.rawValue)" } ?? article, noun]
        return words.joined(separator: " ") + (role.map { " " + $0.phrase } ?? "")
    }

    private var article: String {
        switch self {
        case .exit, .gotox: "an"
        default: "a"
        }
    }

    private var noun: String {
        switch self {
        case .ja: "goto"
        case .gotol: "gotol"
        case .cond: "conditional jump"
        case .cond32: "32-bit conditional jump"
        case .mayGoto: "may_goto"
        case .gotox: "indirect jump"
        case .call: "call"
        case .pseudoFunction: "load of a subprogram's address"
        case .helper: "helper call"
        case .kfunc: "kfunc call"
        case .exit: "exit"
        case .wideLoad: "wide load"
        case .secondSlot: "second slot of a wide load"
        case .ld: "packet load"
        case .ldx: "memory load"
        case .st: "store of a constant"
        case .stx: "store of a register"
        case .alu: "32-bit ALU instruction"
        case .alu64: "64-bit ALU instruction"
        case .jmp: "jump-class instruction"
        case .jmp32: "32-bit jump-class instruction"
        }
    }

    /// The meaning, for the table in the README.
    var meaning: String {
        switch self {
        case .ja: "`goto`"
        case .gotol: "`gotol`: 32 bits of offset, in `imm`"
        case .cond: "conditional jump of 64-bit registers"
        case .cond32: "conditional jump of 32-bit registers"
        case .mayGoto: "`may_goto`"
        case .gotox: "indirect jump"
        case .call: "call of a subprogram"
        case .pseudoFunction: "load of a subprogram's address, as for callbacks"
        case .helper: "call of a helper"
        case .kfunc: "call of a kernel function"
        case .exit: "`exit`"
        case .wideLoad: "`ld_imm64`: two slots"
        case .secondSlot: "the second slot of one"
        case .ld: "`ld_abs` or `ld_ind`"
        case .ldx: "load from memory"
        case .st: "store of a constant"
        case .stx: "store of a register, or an atomic operation"
        case .alu: "arithmetic of 32 bits"
        case .alu64: "arithmetic of 64 bits"
        case .jmp: "another code of the class JMP"
        case .jmp32: "another code of the class JMP32"
        }
    }
}

/// The direction of a jump.
package enum Way: String, Hashable, Sendable, CaseIterable {
    case forward, backward
}

/// The relation of a jump to a patch; none for a jump of the input that is not kept by a patch.
package enum JumpRole: String, Hashable, Sendable, CaseIterable {
    case kept, ref, leaving
    case inPatch = "in-patch"

    var phrase: String {
        switch self {
        case .kept: "that its patch keeps"
        case .ref: "in a patch"
        case .leaving: "that leaves its patch"
        case .inPatch: "within a patch"
        }
    }

    /// The meaning, for the table in the README.
    var meaning: String {
        switch self {
        case .kept: "kept by the patch of its own instruction"
        case .ref: "in a patch, to an instruction of the input"
        case .leaving: "in a patch, to the instruction after the patch"
        case .inPatch: "from a patch into the same patch"
        }
    }
}

/// An instruction in a bucket: its kind, and for a jump its direction and role.
struct InstructionWord: Hashable {
    var kind: InstructionKind
    var way: Way?
    var role: JumpRole?

    init(_ kind: InstructionKind, _ way: Way? = nil, _ role: JumpRole? = nil) {
        self.kind = kind
        self.way = way
        self.role = role
    }

    /// Reads a word such as `may-goto-backward-kept`; `nil` for any other word.
    init?(_ text: String) {
        var rest = Substring(text)
        func take(_ suffix: String) -> Bool {
            if !rest.hasSuffix("-" + suffix) { return false }
            rest = rest.dropLast(suffix.count + 1)
            return true
        }
        role = JumpRole.allCases.first { take($0.rawValue) }
        way = Way.allCases.first { take($0.rawValue) }
        // Kernel findings write `conditional`, as in the coverage table, for the raw value `cond`.
        let name = rest.hasPrefix("conditional") ? "cond" + rest.dropFirst("conditional".count) : String(rest)
        guard let kind = InstructionKind(rawValue: name) else { return nil }
        self.kind = kind
    }

    var text: String { ([kind.rawValue, way?.rawValue, role?.rawValue].compactMap { $0 }).joined(separator: "-") }

    /// The instruction in a sentence.
    var phrase: String { kind.phrase(way, role) }
}
