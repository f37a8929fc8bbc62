import BPF

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
