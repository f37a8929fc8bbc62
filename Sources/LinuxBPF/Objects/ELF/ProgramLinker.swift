import BPF

/// Puts programs of an object together with the functions that they call.
///
/// Callees follow the program in the order of their first call, depth first. An instruction that refers to something
/// outside the code gets a number in its place:
///
/// | refers to | instruction | `src_reg` | `imm` |
/// |---|---|---|---|
/// | a map | `ld_imm64` | 5 (`BPF_PSEUDO_MAP_IDX`) | the number of the map |
/// | a global variable | `ld_imm64` | 6 (`BPF_PSEUDO_MAP_IDX_VALUE`) | the number of its section; in the second slot, the offset |
/// | an external variable | `ld_imm64` | 3 (`BPF_PSEUDO_BTF_ID`) | the number of its symbol |
/// | a kernel function | `call` | 2 (`BPF_PSEUDO_KFUNC_CALL`) | the number of its symbol |
///
/// - Shape: numbers count from 0 in the order of first use in the object; maps and sections share them
/// - Source: libbpf, `libbpf.c`: `bpf_object__reloc_code`, `bpf_object__relocate_data`
struct ProgramLinker {
    /// The most slots of a program that any kernel accepts.
    ///
    /// - Source: `include/linux/bpf.h`, `BPF_COMPLEXITY_LIMIT_INSNS`
    static let mostSlots = 1_000_000

    /// Something outside the code.
    private enum Outside: Hashable {
        case map(section: Int, offset: Int)
        case data(section: Int)
    }

    /// A function in the program, and the next of its slots to look at.
    private struct Visit {
        var function: ObjectCode.Function
        /// The slot of the program at which it starts.
        var base: Int
        var slot = 0
    }

    /// The place of a function in the object.
    private struct Place: Hashable {
        var section: Int
        var slot: Int
    }

    private let code: ObjectCode
    private var numbers: [Outside: Int32] = [:]
    private var symbolNumbers: [Int: Int32] = [:]
    /// The program so far.
    private var insns: [Instruction] = []
    /// The functions in the program, in order.
    private var visits: [Visit] = []
    private var bases: [Place: Int] = [:]

    init(_ code: ObjectCode) { self.code = code }

    /// A program with the functions that it calls, and their records.
    ///
    /// - Throws: ``ELFFault`` if a relocation or call is not understood
    /// - Complexity: O(slots + records × functions)
    mutating func link(_ program: ObjectCode.Function) throws(ELFFault) -> LoadedCode {
        insns.removeAll()
        visits.removeAll()
        bases.removeAll()
        var open = [try add(program)]
        while var visit = open.popLast() {
            while visit.slot < visit.function.slots.count {
                let at = visit.base + visit.slot
                let callee = try relocate(at, in: visit)
                visit.slot += 1
                guard let callee else { continue }
                let place = Place(section: callee.section, slot: callee.slots.lowerBound)
                if let base = bases[place] {
                    insns[at].imm = Int32(base - at - 1)
                    continue
                }
                insns[at].imm = Int32(insns.count - at - 1)
                open.append(visit)
                visit = try add(callee)
            }
        }
        return loadedCode(program)
    }

    /// Appends a function.
    private mutating func add(_ function: ObjectCode.Function) throws(ELFFault) -> Visit {
        let visit = Visit(function: function, base: insns.count)
        bases[Place(section: function.section, slot: function.slots.lowerBound)] = visit.base
        visits.append(visit)
        insns += code.insns(of: function)
        if insns.count > Self.mostSlots { throw .broken("the program has more than \(Self.mostSlots) slots") }
        return visit
    }

    /// Applies the relocation of a slot; returns the function to which the slot refers, or `nil`.
    private mutating func relocate(_ at: Int, in visit: Visit) throws(ELFFault) -> ObjectCode.Function? {
        let insn = insns[at]
        let (section, slot) = (visit.function.section, visit.function.slots.lowerBound + visit.slot)
        let symbol = code.relocation(at: slot, of: section).map {
            (number: $0.symbol, value: code.file.symbols[$0.symbol])
        }
        if insn.code == Opcode.call {
            return try relocateCall(at, slot: slot, of: section, symbol)
        }
        let isWide = insn.isWide && visit.slot + 1 < visit.function.slots.count
        guard let symbol else {
            if isWide && insn.src == Opcode.pseudoFunction {
                throw .broken("slot \(slot) has the address of a function without a relocation")
            }
            return nil
        }
        guard isWide else {
            throw .broken(
                "the relocation of slot \(slot), to '\(symbol.value.name)', changes neither a call nor ld_imm64")
        }
        return try relocateLoad(at, symbol)
    }

    private mutating func relocateCall(
        _ at: Int, slot: Int, of section: Int, _ symbol: (number: Int, value: ELFFile.Symbol)?
    ) throws(ELFFault) -> ObjectCode.Function? {
        let next = Int(insns[at].imm) + 1
        if let symbol, symbol.value.section == 0 {
            insns[at].src = 2
            insns[at].imm = number(ofSymbol: symbol.number)
            return nil
        }
        guard insns[at].src == Opcode.pseudoCall else {
            if let symbol {
                throw .broken("the call in slot \(slot) refers to '\(symbol.value.name)', which is no function")
            }
            return nil
        }
        guard let symbol else { return try code.function(at: slot + next, of: section) }
        // A named function is called at its start, whatever the assembler of GCC puts into imm.
        let start = symbol.value.value / 8 + (symbol.value.kind == .section ? next : 0)
        return try code.function(at: start, of: symbol.value.section)
    }

    private mutating func relocateLoad(
        _ at: Int, _ symbol: (number: Int, value: ELFFile.Symbol)
    ) throws(ELFFault) -> ObjectCode.Function? {
        let (section, sections) = (symbol.value.section, code.file.sections)
        if section == 0 {
            insns[at].src = 3
            insns[at].imm = number(ofSymbol: symbol.number)
            return nil
        }
        guard sections.indices.contains(section) else {
            throw .broken("'\(symbol.value.name)' is in no section")
        }
        let imm = Int(insns[at].imm)
        // The assembler of GCC adds the offset of a named symbol to imm.
        let isAdded = code.isOfGCC && symbol.value.kind != .section && imm >= symbol.value.value
        let offset = isAdded ? imm : symbol.value.value + imm
        if sections[section].isCode {
            insns[at].src = Opcode.pseudoFunction
            return try code.function(at: offset / 8, of: section)
        }
        if sections[section].holdsMaps {
            insns[at].src = 5
            insns[at].imm = number(of: .map(section: section, offset: offset))
        } else {
            insns[at].src = 6
            insns[at].imm = number(of: .data(section: section))
            insns[at + 1].imm = Int32(truncatingIfNeeded: offset)
        }
        return nil
    }

    private mutating func number(of outside: Outside) -> Int32 {
        if let number = numbers[outside] { return number }
        numbers[outside] = Int32(numbers.count)
        return Int32(numbers.count - 1)
    }

    private mutating func number(ofSymbol symbol: Int) -> Int32 {
        if let number = symbolNumbers[symbol] { return number }
        symbolNumbers[symbol] = Int32(symbolNumbers.count)
        return Int32(symbolNumbers.count - 1)
    }

    /// The program with the records of its functions; those of a callee count only if the program has some.
    private func loadedCode(_ program: ObjectCode.Function) -> LoadedCode {
        var code = LoadedCode(name: program.name, section: code.sectionName(of: program), insns: insns)
        for visit in visits {
            let section = self.code.file.sections[visit.function.section].name
            let shift = visit.base - visit.function.slots.lowerBound
            for record in self.code.records.functions[section] ?? []
            where visit.function.slots.contains(record.slot) && (visit.base == 0 || !code.functionStarts.isEmpty) {
                code.functionStarts.append(UInt32(record.slot + shift))
                code.names.functions.append(record.name)
            }
            for record in self.code.records.lines[section] ?? []
            where visit.function.slots.contains(record.slot) && (visit.base == 0 || !code.lineStarts.isEmpty) {
                code.lineStarts.append(UInt32(record.slot + shift))
                code.names.lines.append(record.name)
            }
        }
        return code
    }
}

extension ELFFile.Section {
    /// True if maps are declared in it: by BTF, or as libbpf had it before 1.0 and other loaders have it.
    var holdsMaps: Bool { name == ".maps" || name == "maps" || name.hasPrefix("maps/") || name.hasSuffix("/maps") }
}
