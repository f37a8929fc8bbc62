import CLibbpf

extension LibbpfLoader {
    /// `BTF_KIND_DATASEC`, which the header declares twice, so that Swift does not know which is meant.
    private static let dataSection: UInt32 = 15

    /// A kernel configuration with a value for each `__kconfig` variable of an open object.
    ///
    /// libbpf otherwise reads that of the running kernel, and refuses the object where there is none to read. The
    /// values fill a map and no instruction, so any value of the right form will do.
    ///
    /// - Source: libbpf 1.1, `libbpf.h`: `bpf_object_open_opts.kconfig`; Linux, `Documentation/bpf/btf.rst`
    static func configuration(for object: OpaquePointer) -> String {
        guard let types = unsafe bpf_object__btf(object) else { return "" }
        let section = unsafe btf__find_by_name_kind(types, ".kconfig", Self.dataSection)
        guard section > 0, let list = unsafe btf__type_by_id(types, UInt32(section)),
            let members = unsafe btf_var_secinfos(list)
        else { return "" }
        var lines = ""
        for number in unsafe 0..<Int(btf_vlen(list)) {
            guard let variable = unsafe btf__type_by_id(types, members[number].type),
                let name = unsafe btf__name_by_offset(types, variable.pointee.name_off),
                let value = unsafe value(ofType: variable.pointee.type, in: types)
            else { continue }
            unsafe lines += "\(String(cString: name))=\(value)\n"
        }
        return lines
    }

    /// A value as it is written in a configuration, for a variable of the given type.
    private static func value(ofType number: UInt32, in types: OpaquePointer) -> String? {
        // Gives what is below const, volatile and typedef.
        let plain = unsafe btf__resolve_type(types, number)
        guard plain > 0, let type = unsafe btf__type_by_id(types, UInt32(plain)) else { return nil }
        switch unsafe Int(btf_kind(type)) {
        // One byte is a bool or a char, and both take a letter.
        case BTF_KIND_INT: return unsafe type.pointee.size == 1 ? "y" : "1"
        case BTF_KIND_ARRAY: return "\"\""
        case BTF_KIND_ENUM: return "y"
        default: return nil
        }
    }
}
