/// The function and line records of an object's `.BTF.ext`, by code section.
///
/// - Source: `Documentation/bpf/btf.rst`, ".BTF.ext section"; `include/uapi/linux/bpf.h`, `struct bpf_func_info`, `struct
///   bpf_line_info`
struct DebugRecords {
    /// A record of a place in a section.
    struct Record<Name> {
        /// - Units: slots
        var slot: Int
        var name: Name
    }

    /// For each section, the functions in order, each with the id of its type.
    private(set) var functions: [String: [Record<UInt32>]] = [:]
    /// For each section, the lines in order.
    private(set) var lines: [String: [Record<SourcePlace>]] = [:]

    /// Reads the records of a file; none if it has none.
    ///
    /// - Throws: ``ELFFault`` if they are broken
    /// - Complexity: O(records)
    init(_ file: ELFFile) throws(ELFFault) {
        guard let types = file.sections.first(where: { $0.name == ".BTF" && $0.type == 1 }),
            let records = file.sections.first(where: { $0.name == ".BTF.ext" && $0.type == 1 })
        else { return }
        let reader = file.reader
        let texts = try Self.texts(reader, types.bytes)
        let start = records.bytes.lowerBound
        guard try reader.number(start, as: UInt16.self) == 0xeb9f else { throw .broken(".BTF.ext has another format") }
        let header = Int(try reader.number(start + 4, as: UInt32.self))
        for (part, words) in [(0, 2), (1, 4)] {
            let from = start + header + Int(try reader.number(start + 8 + part * 8, as: UInt32.self))
            let to = from + Int(try reader.number(start + 12 + part * 8, as: UInt32.self))
            guard to <= records.bytes.upperBound else { throw .outside(to) }
            if from == to { continue }
            let size = Int(try reader.number(from, as: UInt32.self))
            guard size >= words * 4, size % 4 == 0 else { throw .broken("a record of .BTF.ext has \(size) bytes") }
            var place = from + 4
            while place < to {
                let section = try reader.text(
                    texts.lowerBound + Int(try reader.number(place, as: UInt32.self)), before: texts.upperBound)
                let count = Int(try reader.number(place + 4, as: UInt32.self))
                place += 8
                guard count <= (to - place) / size else { throw .outside(place + count * size) }
                for record in stride(from: place, to: place + count * size, by: size) {
                    try add(reader, record, part, section)
                }
                place += count * size
            }
        }
        for section in functions.keys { functions[section]?.sort { $0.slot < $1.slot } }
        for section in lines.keys { lines[section]?.sort { $0.slot < $1.slot } }
    }

    private mutating func add(
        _ reader: ByteReader, _ record: Int, _ part: Int, _ section: String
    ) throws(ELFFault) {
        let slot = Int(try reader.number(record, as: UInt32.self)) / 8
        if part == 0 {
            functions[section, default: []].append(Record(slot: slot, name: try reader.number(record + 4)))
            return
        }
        let place = SourcePlace(
            file: try reader.number(record + 4), text: try reader.number(record + 8),
            position: try reader.number(record + 12))
        lines[section, default: []].append(Record(slot: slot, name: place))
    }

    /// The place of the texts of `.BTF`.
    private static func texts(_ reader: ByteReader, _ types: Range<Int>) throws(ELFFault) -> Range<Int> {
        let start = types.lowerBound
        guard try reader.number(start, as: UInt16.self) == 0xeb9f else { throw .broken(".BTF has another format") }
        let header = Int(try reader.number(start + 4, as: UInt32.self))
        let from = start + header + Int(try reader.number(start + 16, as: UInt32.self))
        let to = from + Int(try reader.number(start + 20, as: UInt32.self))
        guard to <= types.upperBound else { throw .outside(to) }
        return from..<to
    }
}
