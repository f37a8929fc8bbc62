/// A 64-bit ELF file of either byte order: its sections, symbols and relocations.
///
/// Every offset is checked, so that no file can make the program read other memory.
///
/// - Source: System V ABI, "Object Files"
struct ELFFile {
    struct Section {
        var name: String
        var type: UInt32
        var flags: UInt64
        /// The place in the file; empty for a section without bytes.
        var bytes: Range<Int>
        /// The section of the symbols, or of the texts, that this one refers to.
        var link: Int
        /// For relocations, the section that they change.
        var info: Int
        /// The place of its header in the file.
        var header: Int

        /// `SHF_EXECINSTR` and `SHT_PROGBITS`
        var isCode: Bool { type == 1 && flags & 4 != 0 && !bytes.isEmpty }
    }

    struct Symbol {
        var name: String
        var kind: Kind
        /// `STB_LOCAL`
        var isLocal: Bool
        /// The index of its section; 0 for an external symbol.
        var section: Int
        var value: Int
        var size: Int
        /// The place of its entry in the file.
        var entry: Int

        /// `STT_…`
        enum Kind: UInt8 { case none, object, function, section, file, common, threadLocal, other }
    }

    struct Relocation {
        /// The place in the section that it changes, in bytes.
        var offset: Int
        /// The index of a symbol.
        var symbol: Int
        /// The place of its entry in the file.
        var entry: Int
    }

    let reader: ByteReader
    let sections: [Section]
    let symbols: [Symbol]
    /// The index of the section with the names of sections.
    let namesIndex: Int

    /// - Throws: ``ELFFault`` if the file is broken, or of 32 bits
    /// - Complexity: O(sections + symbols)
    init(_ bytes: [UInt8]) throws(ELFFault) {
        guard bytes.count >= 64 else { throw .broken("the file is shorter than an ELF header") }
        guard bytes[4] == 2 else { throw .broken("the file is not a 64-bit ELF file") }
        let reader = ByteReader(bytes: bytes, isBigEndian: bytes[5] == 2)
        self.reader = reader
        let table = try reader.size(40)
        let size = Int(try reader.number(58, as: UInt16.self))
        var count = Int(try reader.number(60, as: UInt16.self))
        namesIndex = Int(try reader.number(62, as: UInt16.self))
        guard table > 0, size >= 64 else { throw .broken("the file has no sections") }
        // A count that does not fit 16 bits is in the first header.
        if count == 0 { count = try reader.size(table + 32) }
        guard count <= (bytes.count - table) / size else { throw .outside(table + count * size) }
        sections = try Self.sections(reader, headers: (0..<count).map { table + $0 * size }, namesIndex)
        symbols = try Self.symbols(reader, sections)
    }

    private static func sections(
        _ reader: ByteReader, headers: [Int], _ namesIndex: Int
    ) throws(ELFFault) -> [Section] {
        var sections: [Section] = []
        var nameOffsets: [Int] = []
        for header in headers {
            let type = try reader.number(header + 4, as: UInt32.self)
            let (offset, length) = (try reader.size(header + 24), try reader.size(header + 32))
            // SHT_NULL has no bytes, and SHT_NOBITS none in the file.
            let hasBytes = type != 0 && type != 8
            if hasBytes, offset > reader.bytes.count || length > reader.bytes.count - offset {
                throw .outside(offset + length)
            }
            nameOffsets.append(Int(try reader.number(header, as: UInt32.self)))
            sections.append(
                Section(
                    name: "", type: type, flags: try reader.number(header + 8),
                    bytes: hasBytes ? offset..<offset + length : 0..<0,
                    link: Int(try reader.number(header + 40, as: UInt32.self)),
                    info: Int(try reader.number(header + 44, as: UInt32.self)), header: header))
        }
        guard sections.indices.contains(namesIndex) else { throw .broken("the sections have no names") }
        let names = sections[namesIndex].bytes
        for index in sections.indices where sections[index].type != 0 {
            sections[index].name = try reader.text(names.lowerBound + nameOffsets[index], before: names.upperBound)
        }
        return sections
    }

    private static func symbols(_ reader: ByteReader, _ sections: [Section]) throws(ELFFault) -> [Symbol] {
        // SHT_SYMTAB
        guard let table = sections.first(where: { $0.type == 2 }) else { return [] }
        guard sections.indices.contains(table.link) else { throw .broken("the symbols have no names") }
        let names = sections[table.link].bytes
        // An absolute symbol may have any value; it is used for nothing.
        func number(_ place: Int) throws(ELFFault) -> Int {
            Int(min(try reader.number(place, as: UInt64.self), UInt64(Int32.max)))
        }
        var symbols: [Symbol] = []
        for entry in stride(from: table.bytes.lowerBound, to: table.bytes.upperBound - 23, by: 24) {
            let nameOffset = Int(try reader.number(entry, as: UInt32.self))
            let info = try reader.number(entry + 4, as: UInt8.self)
            let name = nameOffset == 0 ? "" : try reader.text(names.lowerBound + nameOffset, before: names.upperBound)
            symbols.append(
                Symbol(
                    name: name, kind: Symbol.Kind(rawValue: info & 15) ?? .other, isLocal: info >> 4 == 0,
                    section: Int(try reader.number(entry + 6, as: UInt16.self)), value: try number(entry + 8),
                    size: try number(entry + 16), entry: entry))
        }
        return symbols
    }

    /// The relocations that change a section.
    ///
    /// - Throws: ``ELFFault`` if one of them has no symbol
    /// - Complexity: O(sections + relocations)
    func relocations(of changed: Int) throws(ELFFault) -> [Relocation] {
        var relocations: [Relocation] = []
        // SHT_REL; compilers for BPF make no SHT_RELA.
        for section in sections where section.type == 9 && section.info == changed {
            for entry in stride(from: section.bytes.lowerBound, to: section.bytes.upperBound - 15, by: 16) {
                let symbol = Int(try reader.number(entry + 8, as: UInt64.self) >> 32)
                guard symbols.indices.contains(symbol) else { throw .broken("a relocation has no symbol") }
                relocations.append(Relocation(offset: try reader.size(entry), symbol: symbol, entry: entry))
            }
        }
        return relocations
    }
}
