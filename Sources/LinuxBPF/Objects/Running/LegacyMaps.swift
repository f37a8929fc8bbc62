import CLibbpf

/// The maps that an object declares as `struct bpf_map_def` in sections `maps`, `maps/…` and `…/maps`.
///
/// - Source: libbpf 0.8, `bpf_helpers.h`, `struct bpf_map_def`
struct LegacyMaps {
    private struct Map {
        var symbol: ELFFile.Symbol
        /// Type, key size, value size, maximum number of entries and flags.
        var words: [UInt32]
    }

    private let file: ELFFile
    private let maps: [Map]

    /// The size of the structure that describes a map in BTF: five pointers.
    ///
    /// - Units: bytes
    private static let descriptionSize = 40
    private static let members = ["type", "key_size", "value_size", "max_entries", "map_flags"]

    var isEmpty: Bool { maps.isEmpty }

    /// True if BTF that describes the maps at all has them in one section.
    var haveKnownTypes: Bool { maps.allSatisfy { file.sections[$0.symbol.section].name == "maps" } }

    init(_ file: ELFFile) {
        self.file = file
        // An object with both kinds is left alone, since its BTF describes the section already.
        if file.sections.contains(where: { $0.name == ".maps" }) {
            maps = []
            return
        }
        maps = file.symbols.compactMap { symbol in
            guard file.sections.indices.contains(symbol.section), symbol.kind != .section, !symbol.name.isEmpty else {
                return nil
            }
            let section = file.sections[symbol.section]
            if !section.holdsMaps { return nil }
            let start = section.bytes.lowerBound + symbol.value
            let words: [UInt32] = Self.members.indices.map { number in
                let place = start + number * 4
                return place + 4 <= section.bytes.upperBound ? (try? file.reader.number(place)) ?? 0 : 0
            }
            return Map(symbol: symbol, words: words)
        }
    }

    /// Moves the maps to a new section `.maps`, with types that describe them.
    func restate(_ editor: inout ELFEditor, _ types: inout ObjectTypes) {
        let size = Self.descriptionSize
        let index = editor.addSection(".maps", flags: 3, Array(repeating: 0, count: maps.count * size))
        for (number, map) in maps.enumerated() {
            // STB_GLOBAL, STT_OBJECT
            editor.set(UInt8(1 << 4 | 1), at: map.symbol.entry + 4)
            editor.set(UInt16(index), at: map.symbol.entry + 6)
            editor.set(UInt64(number * size), at: map.symbol.entry + 8)
            editor.set(UInt64(size), at: map.symbol.entry + 16)
        }
        for section in file.sections where section.holdsMaps { editor.rename(section, to: "unused") }
        types.describe(
            maps.map { map in (map.symbol.name, zip(Self.members, map.words).map { ($0, $1) }) }, size: size)
    }
}
