import BPF
import Fuzzing
import KernelModel
import Patching

/// The first load of a converted context access: the size and offset of the kernel's own field, by its BTF.
///
/// Rule ``KernelRule/chosenFields``.
///
/// - Source: 6.12 `net/core/filter.c`, `bpf_convert_ctx_access` and `xdp_convert_ctx_access`
struct FieldOffsets {
    /// A field of a context and the field that the kernel loads for it.
    private struct Field {
        var off: Range<Int16>
        var path: String
        var size: MemorySize
    }

    private static func word(_ off: Int16, _ name: String, _ size: MemorySize) -> Field {
        Field(off: off..<off + 4, path: "sk_buff." + name, size: size)
    }

    private static let packet: [Field] = [
        word(0, "len", .word), word(4, "__pkt_type_offset", .byte), word(8, "mark", .word),
        word(12, "queue_mapping", .half), word(16, "protocol", .half), word(20, "vlan_all", .word),
        word(24, "vlan_tci", .half), word(28, "vlan_proto", .half), word(32, "priority", .word),
        word(36, "skb_iif", .word), word(40, "dev", .double), word(44, "tc_index", .half), word(68, "hash", .word),
        word(76, "data", .double), word(84, "napi_id", .word),
    ]
    private static let frame: [Field] = [
        Field(off: 0..<4, path: "xdp_buff.data", size: .double),
        Field(off: 4..<8, path: "xdp_buff.data_end", size: .double),
        Field(off: 8..<12, path: "xdp_buff.data_meta", size: .double),
        Field(off: 12..<20, path: "xdp_buff.rxq", size: .double),
    ]

    private static func fields(of type: ProgramType) -> [Field] {
        switch type {
        case .socketFilter, .schedCLS, .schedACT, .cgroupSKB, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local: packet
        case .xdp: frame
        default: []
        }
    }

    /// The difference between the first load of an access and the kernel's field; `nil` if there is none, or the field is
    /// unknown.
    static func difference(
        _ insn: Instruction, _ type: ProgramType, _ layout: KernelLayout, first: Instruction
    ) -> String? {
        let isLoad = insn.code & Opcode.classMask == Opcode.loadClass
        let isSameKind =
            isLoad
            ? first.code & Opcode.classMask == Opcode.loadClass && first.src == insn.src
            : first.isStore && first.dst == insn.dst
        guard isSameKind, let field = fields(of: type).first(where: { $0.off.contains(insn.off) }),
            let off = layout.fields[field.path]
        else { return nil }
        let size = MemorySize(of: first)
        if Int64(first.off) == off && size == field.size { return nil }
        return "\(field.path) has \(field.size.bytes) bytes at \(off), and the access has \(size.bytes) at \(first.off)"
    }
}
