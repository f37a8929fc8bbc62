/// The codes and parts of codes that decide how an instruction is patched.
///
/// - Source: RFC 9669, section 3 and 4; `include/uapi/linux/bpf.h` for `may_goto` and `gotox`
public enum Opcode {
    /// `JMP|JA`, `goto`.
    public static let ja: UInt8 = 0x05
    /// `JMP32|JA`, `gotol`: its offset is in `imm`.
    public static let gotol: UInt8 = 0x06
    /// `JMP|JA|X`, `gotox`: an indirect jump, without an offset.
    public static let gotox: UInt8 = 0x0d
    /// `LD|IMM|DW`, `ld_imm64`: a wide load, two slots.
    public static let loadImmediate64: UInt8 = 0x18
    /// `JMP|CALL`; `src_reg` is 0 for a helper, 1 for a subprogram, 2 for a kfunc.
    public static let call: UInt8 = 0x85
    /// `JMP|EXIT`.
    public static let exit: UInt8 = 0x95
    /// `ALU64|MOV|K`, `rD = imm`.
    public static let movImmediate64: UInt8 = 0xb7
    /// `JMP|JCOND`, `may_goto`.
    public static let mayGoto: UInt8 = 0xe5

    /// The bits of a code that hold the class.
    public static let classMask: UInt8 = 0x07
    /// The bits of a code that hold the operation of a jump or ALU instruction.
    public static let operationMask: UInt8 = 0xf0
    /// The class of 64-bit jumps.
    public static let jumpClass: UInt8 = 0x05
    /// The class of 32-bit jumps.
    public static let jump32Class: UInt8 = 0x06
    /// The operation `CALL`.
    public static let callOperation: UInt8 = 0x80
    /// The operation `EXIT`.
    public static let exitOperation: UInt8 = 0x90

    /// `BPF_PSEUDO_CALL` in `src_reg` of a call: `imm` is an offset to a subprogram.
    public static let pseudoCall: UInt8 = 1
    /// `BPF_PSEUDO_FUNC` in `src_reg` of a wide load: `imm` is an offset to a subprogram.
    public static let pseudoFunction: UInt8 = 4
}
