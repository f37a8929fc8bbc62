import BPF

/// The code of an object: its functions, and each program with the functions that it calls.
///
/// The order of the instructions is that in which libbpf loads them: callees follow the program in the order of their
/// first call, depth first.
///
/// - Source: libbpf, `libbpf.c`: `bpf_object__add_programs`, `bpf_object__reloc_code`
struct ObjectCode {
    struct Function {
        var name: String
        /// The index of its section.
        var section: Int
        /// Its place in the section.
        ///
        /// - Units: slots
        var slots: Range<Int>
        /// True if no other object sees it.
        var isLocal: Bool
    }

    let file: ELFFile
    /// The functions that are programs, by section, and in a section in the order of its symbols.
    let programs: [Function]
    /// All functions of a section, sorted by start.
    private let functions: [Int: [Function]]
    let records: DebugRecords
    /// True if GCC made the object.
    let isOfGCC: Bool
    /// The relocations of a section, by slot.
    private var relocations: [Int: [Int: ELFFile.Relocation]] = [:]

    /// Reads the functions of an object.
    ///
    /// - Throws: ``ELFFault`` if the file is broken
    /// - Complexity: O(bytes)
    init(_ bytes: [UInt8]) throws(ELFFault) {
        file = try ELFFile(bytes)
        records = try DebugRecords(file)
        let comment = file.sections.first { $0.name == ".comment" }?.bytes ?? 0..<0
        isOfGCC = file.reader.bytes[comment].drop { $0 == 0 }.starts(with: Array("GCC".utf8))
        var functions: [Int: [Function]] = [:]
        var inOrder: [Int: [Function]] = [:]
        for (index, section) in file.sections.enumerated() where section.isCode {
            let found = try Self.functions(file, index)
            inOrder[index] = found
            functions[index] = found.sorted { $0.slots.lowerBound < $1.slots.lowerBound }
            for relocation in try file.relocations(of: index) {
                relocations[index, default: [:]][relocation.offset / 8] = relocation
            }
        }
        self.functions = functions
        let count = inOrder.values.reduce(0) { $0 + $1.count }
        // The section .text has functions for others to call, unless it is all that the object has.
        let names = file.sections.map(\.name)
        programs = inOrder.keys.sorted().filter { count == 1 || names[$0] != ".text" }.flatMap { inOrder[$0] ?? [] }
    }

    /// The functions of a section in the order of their symbols; of several names of one place, the first.
    private static func functions(_ file: ELFFile, _ index: Int) throws(ELFFault) -> [Function] {
        let section = file.sections[index]
        let symbols = file.symbols.filter { $0.section == index && $0.kind == .function }
        let starts = symbols.map(\.value).sorted()
        var functions: [Function] = []
        var known: Set<Int> = []
        var total = 0
        for symbol in symbols where known.insert(symbol.value).inserted {
            // A function of an assembler may have no size; it ends where the next one starts.
            let size =
                symbol.size > 0
                ? symbol.size : (starts.first { $0 > symbol.value } ?? section.bytes.count) - symbol.value
            guard symbol.value % 8 == 0, size % 8 == 0, size > 0, symbol.value <= section.bytes.count - size else {
                throw .broken("function '\(symbol.name)' is not within its section '\(section.name)'")
            }
            total += size
            functions.append(
                Function(
                    name: symbol.name, section: index, slots: symbol.value / 8..<(symbol.value + size) / 8,
                    isLocal: symbol.isLocal))
        }
        if total > section.bytes.count { throw .broken("functions overlap in section '\(section.name)'") }
        return functions
    }

    /// The section of a function, without the `?` that keeps a program from loading by itself.
    func sectionName(of function: Function) -> String {
        let name = file.sections[function.section].name
        return name.first == "?" ? String(name.dropFirst()) : name
    }

    /// The function that starts at a slot of a section.
    ///
    /// - Throws: ``ELFFault`` if none does
    /// - Complexity: O(log functions)
    func function(at slot: Int, of section: Int) throws(ELFFault) -> Function {
        let all = functions[section] ?? []
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].slots.lowerBound < slot { low = middle + 1 } else { high = middle }
        }
        if low < all.count, all[low].slots.lowerBound == slot { return all[low] }
        let name = file.sections.indices.contains(section) ? file.sections[section].name : ""
        throw .broken("a call leads to slot \(slot) of section '\(name)', where no function starts")
    }

    /// The relocation of a slot of a section, or `nil`.
    func relocation(at slot: Int, of section: Int) -> ELFFile.Relocation? { relocations[section]?[slot] }

    /// The instructions of a function, in the byte order of this tool.
    ///
    /// - Complexity: O(slots)
    func insns(of function: Function) -> [Instruction] {
        let start = file.sections[function.section].bytes.lowerBound
        return function.slots.map { slot in
            // The function is within its section.
            let bits = (try? file.reader.number(start + slot * 8, as: UInt64.self)) ?? 0
            return file.reader.isBigEndian ? Instruction(bigEndian: bits) : Instruction(bits: bits)
        }
    }
}

extension Instruction {
    /// Makes an instruction from its eight bytes, read as a big-endian number: `dst_reg` is then in the high nibble.
    ///
    /// - Source: RFC 9669, section 3.1
    fileprivate init(bigEndian bits: UInt64) {
        let registers = UInt8(truncatingIfNeeded: bits >> 48)
        self.init(
            code: UInt8(truncatingIfNeeded: bits >> 56), dst: registers >> 4, src: registers & 15,
            off: Int16(truncatingIfNeeded: bits >> 32), imm: Int32(truncatingIfNeeded: bits))
    }
}
