import CLibbpf

extension KernelTypes {
    /// The offset of a field, which may be in an unnamed part of its structure; `nil` if the kernel's BTF does not say.
    ///
    /// - Parameter path: `structure.field`
    /// - Units: bytes
    /// - Complexity: O(types)
    mutating func offset(of path: String) -> Int64? {
        let words = path.split(separator: ".")
        guard words.count == 2, let types = unsafe readTypes else { return nil }
        let id = unsafe btf__find_by_name_kind(types, String(words[0]), 4)
        return unsafe id > 0 ? Self.offset(of: String(words[1]), in: UInt32(id), types).map { $0 / 8 } : nil
    }

    /// - Units: bits
    private static func offset(of name: String, in id: UInt32, _ types: OpaquePointer) -> Int64? {
        guard let type = unsafe btf__type_by_id(types, id) else { return nil }
        let info = unsafe type.pointee.info
        // BTF_KIND_STRUCT and BTF_KIND_UNION
        guard [4, 5].contains(info >> 24 & 31) else { return nil }
        let members = unsafe UnsafeRawPointer(type + 1).assumingMemoryBound(to: btf_member.self)
        for number in 0..<Int(info & 0xffff) {
            let member = unsafe members[number]
            // The upper byte is the size of a bit field.
            let offset = Int64(info >> 31 == 0 ? member.offset : member.offset & 0xff_ffff)
            let own = unsafe btf__name_by_offset(types, member.name_off).map { unsafe String(cString: $0) } ?? ""
            if own == name { return offset }
            if own.isEmpty, let inner = unsafe Self.offset(of: name, in: member.type, types) { return offset + inner }
        }
        return nil
    }
}
