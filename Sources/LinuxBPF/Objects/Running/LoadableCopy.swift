import CLibbpf

/// A copy of an object that libbpf opens and that loads each program alone.
///
/// | in the object | in the copy | reason |
/// |---|---|---|
/// | a static program | a global one | libbpf refuses static programs |
/// | a map in `maps` | the same map in `.maps`, described by BTF | libbpf 1.0 refuses the old form |
/// | a PROG_ARRAY filled with programs | an empty one | its programs would have to be loaded too |
/// | a section of arena variables | a data section | libbpf before 1.5 refuses it |
///
/// The instructions and records of the programs stay the same.
enum LoadableCopy {
    /// The bytes of the copy; those of the file if there is nothing to change.
    ///
    /// - Complexity: O(bytes)
    static func bytes(of file: ELFFile) -> [UInt8] {
        var editor = ELFEditor(file)
        var isChanged = false
        for symbol in file.symbols where symbol.isLocal && symbol.kind == .function {
            guard file.sections.indices.contains(symbol.section) else { continue }
            let section = file.sections[symbol.section]
            if !section.isCode || section.name == ".text" { continue }
            editor.set(globalFunction, at: symbol.entry + 4)
            isChanged = true
        }
        if emptyProgramArrays(of: file, &editor) { isChanged = true }
        let legacy = LegacyMaps(file)
        let arenas = hasArenaVariables ? [] : file.sections.filter { $0.name.hasPrefix(".addr_space.") }
        if !legacy.isEmpty || !arenas.isEmpty {
            var types = ObjectTypes(file, isKept: legacy.haveKnownTypes)
            for arena in arenas {
                let name = ".data.arena" + arena.name.dropFirst(".addr_space".count)
                editor.rename(arena, to: name)
                types.rename(dataSection: arena.name, to: name)
            }
            if !legacy.isEmpty { legacy.restate(&editor, &types) }
            types.write(to: &editor, of: file)
            isChanged = true
        }
        return isChanged ? editor.finish() : file.reader.bytes
    }

    /// `st_info`: `STB_GLOBAL`, `STT_FUNC`
    private static let globalFunction: UInt8 = 1 << 4 | 2

    /// True if libbpf knows variables in an arena.
    private static var hasArenaVariables: Bool {
        (libbpf_major_version(), libbpf_minor_version()) >= (1, 5)
    }

    /// Removes the programs from the initial values of maps; returns true if there were any.
    private static func emptyProgramArrays(of file: ELFFile, _ editor: inout ELFEditor) -> Bool {
        var isChanged = false
        for section in file.sections where section.type == 9 && file.sections.indices.contains(section.info) {
            guard file.sections[section.info].name == ".maps", let all = try? file.relocations(of: section.info) else {
                continue
            }
            let kept = all.filter { relocation in
                let symbol = file.symbols[relocation.symbol]
                return !file.sections.indices.contains(symbol.section) || !file.sections[symbol.section].isCode
            }
            if kept.count == all.count { continue }
            isChanged = true
            if kept.isEmpty {
                // SHT_PROGBITS with this name is passed over.
                editor.set(UInt32(1), at: section.header + 4)
            } else {
                editor.replace(section, with: kept.flatMap { Array(file.reader.bytes[$0.entry..<$0.entry + 16]) })
            }
        }
        return isChanged
    }
}
