import BPF
import CLibbpf

/// The BTF of an object, to be changed and written back.
@safe
struct ObjectTypes: ~Copyable {
    private let types: OpaquePointer?
    /// True if the object's own BTF was left out, so that its records refer to nothing.
    private let isReplaced: Bool

    /// - Parameter isKept: false to start without the types of the object
    init(_ file: ELFFile, isKept: Bool) {
        let own = file.sections.first { $0.name == ".BTF" && $0.type == 1 }
        isReplaced = own != nil && !isKept
        if let own, isKept {
            unsafe types = Array(file.reader.bytes[own.bytes]).withUnsafeBytes {
                unsafe btf__new($0.baseAddress, UInt32($0.count))
            }
        } else {
            unsafe types = btf__new_empty()
        }
    }

    deinit { unsafe btf__free(types) }

    /// `BTF_KIND_DATASEC`, which the header declares twice, so that Swift does not know which is meant.
    private static let dataSectionKind: UInt32 = 15

    private func dataSection(_ name: String) -> UInt32? {
        let id = unsafe btf__find_by_name_kind(types, name, Self.dataSectionKind)
        return id > 0 ? UInt32(id) : nil
    }

    /// A type in memory, to be changed.
    private func type(_ id: UInt32) -> UnsafeMutablePointer<btf_type>? {
        unsafe UnsafeMutablePointer(mutating: btf__type_by_id(types, id))
    }

    /// Renames a section of variables, if there is one of the name.
    mutating func rename(dataSection name: String, to new: String) {
        guard let id = dataSection(name) else { return }
        // Afterwards the types are in memory that may be changed.
        let text = unsafe btf__add_str(types, new)
        if text > 0 { unsafe type(id)?.pointee.name_off = UInt32(text) }
    }

    /// Describes maps in the section `.maps`: each as a structure of pointers to arrays, whose lengths are the values.
    ///
    /// - Source: libbpf, `bpf_helpers.h`, `__uint`
    mutating func describe(_ maps: [(name: String, members: [(String, UInt32)])], size: Int) {
        let int = unsafe btf__add_int(types, "int", 4, Int32(BTF_INT_SIGNED))
        var structures: [String: Int32] = [:]
        for map in maps {
            let pointers = map.members.map { member in
                unsafe btf__add_ptr(types, btf__add_array(types, int, int, member.1))
            }
            structures[map.name] = unsafe btf__add_struct(types, nil, UInt32(size))
            for (number, member) in map.members.enumerated() {
                _ = unsafe btf__add_field(types, member.0, pointers[number], UInt32(number * 64), 0)
            }
        }
        if let section = dataSection("maps") {
            redescribe(section, structures, size: UInt32(size))
            rename(dataSection: "maps", to: ".maps")
            return
        }
        let variables = maps.map { map in
            unsafe btf__add_var(types, map.name, Int32(BTF_VAR_GLOBAL_ALLOCATED), structures[map.name] ?? 0)
        }
        _ = unsafe btf__add_datasec(types, ".maps", UInt32(variables.count * size))
        for (number, variable) in variables.enumerated() {
            _ = unsafe btf__add_datasec_var_info(types, variable, UInt32(number * size), UInt32(size))
        }
    }

    /// Gives the variables of a section other types.
    private func redescribe(_ section: UInt32, _ structures: [String: Int32], size: UInt32) {
        guard let list = unsafe type(section), let members = unsafe btf_var_secinfos(list) else { return }
        // libbpf takes the size and the offsets from the ELF file where they are 0.
        unsafe list.pointee.size = 0
        for number in unsafe 0..<Int(btf_vlen(list)) {
            unsafe members[number].size = size
            guard let variable = unsafe type(members[number].type),
                let name = unsafe btf__name_by_offset(types, variable.pointee.name_off),
                let structure = unsafe structures[String(cString: name)]
            else { continue }
            unsafe variable.pointee.type = UInt32(structure)
            unsafe btf_var(variable).pointee.linkage = UInt32(BTF_VAR_GLOBAL_ALLOCATED)
        }
    }

    /// Replaces the BTF of a file, or adds it.
    func write(to editor: inout ELFEditor, of file: ELFFile) {
        var size: UInt32 = 0
        guard let data = unsafe btf__raw_data(types, &size) else { return }
        let contents = unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: Int(size)))
        if isReplaced {
            for section in file.sections where section.name == ".BTF.ext" { editor.rename(section, to: "unused") }
        }
        if let own = file.sections.first(where: { $0.name == ".BTF" }) {
            editor.replace(own, with: contents)
        } else {
            _ = editor.addSection(".BTF", contents)
        }
    }
}
