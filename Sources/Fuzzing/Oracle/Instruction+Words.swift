import BPF

extension Instruction {
    /// The word for the instruction in buckets; a jump or call has its direction.
    ///
    /// - Parameters:
    ///   - offset: the offset in slots, or `nil` to omit the direction
    ///   - isShortJump: true for a jump with 16 bits of offset, by the caller's own reading
    package func words(offset: Int?, isShortJump: Bool) -> String {
        let way = offset.map { $0 >= 0 ? "-forward" : "-backward" } ?? ""
        switch code {
        case 0x05: return "ja" + way
        case 0x06: return "gotol" + way
        case 0xe5: return "may-goto" + way
        case 0x85: return (src == 1 ? "call" : src == 2 ? "kfunc" : "helper") + way
        case 0x18: return (src == 4 ? "pseudo-func" : "ld-imm64") + way
        case 0x95: return "exit"
        case 0x0d: return "gotox"
        case 0x00: return "second-slot"
        default: break
        }
        if isShortJump { return (code % 8 == 5 ? "cond" : "cond32") + way }
        let classes = ["ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64"]
        return classes[Int(code % 8)]
    }
}
