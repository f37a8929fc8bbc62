import BPF
import Patching

extension JSONScanner {
    /// Reads a whole script.
    mutating func script() throws(AssemblyError) -> Case {
        let start = position
        var name: String?
        var insns: [Instruction]?
        var aux: [UInt32]?
        var subprograms = [Subprogram(start: 0, id: 0)]
        var lines: [LineRecord] = []
        var passes: [Pass]?
        var expected: Case.Expectation?
        try beginObject()
        while let key = try nextKey(of: ["name", "insns", "aux", "subprogs", "lines", "passes", "expect"]) {
            switch key {
            case "name": name = try string()
            case "insns": insns = try instructions(allowsFill: true)
            case "aux": aux = try numbers()
            case "subprogs": subprograms = try pairs().map { Subprogram(start: $0, id: $1) }
            case "lines": lines = try pairs().map { LineRecord(insnOff: $0, id: $1) }
            case "passes": passes = try allPasses()
            default: expected = try expectation()
            }
        }
        guard let name else { throw fault("an object with `name`", at: start) }
        guard let insns else { throw fault("an object with `insns`", at: start) }
        guard let passes else { throw fault("an object with `passes`", at: start) }
        let program = Program(insns: insns, aux: aux, subprograms: subprograms, lines: lines)
        return Case(name: name, program: program, passes: passes, expected: expected)
    }

    private mutating func allPasses() throws(AssemblyError) -> [Pass] {
        var passes: [Pass] = []
        try beginArray()
        while try nextElement() {
            var pass = Pass()
            try beginArray()
            while try nextElement() { pass.edits.append(try edit()) }
            passes.append(pass)
        }
        return passes
    }

    private mutating func edit() throws(AssemblyError) -> Edit {
        _ = peek()
        let start = position
        var off: UInt32?
        var remove: UInt32?
        var patch: [Instruction]?
        var keep: UInt32?
        var refs: [Ref] = []
        var skip = false
        try beginObject()
        while let key = try nextKey(of: ["off", "remove", "patch", "keep", "refs", "skip"]) {
            switch key {
            case "off": off = try number()
            case "remove": remove = try number()
            case "patch": patch = try instructions(allowsFill: false)
            case "keep": keep = try number()
            case "refs":
                refs = try pairs().map { Ref(from: PatchIndex(rawValue: $0), to: InputIndex(rawValue: $1)) }
            default: skip = try boolean()
            }
        }
        guard let off else { throw fault("an edit with `off`", at: start) }
        guard let remove else { throw fault("an edit with `remove`", at: start) }
        guard let patch else { throw fault("an edit with `patch`", at: start) }
        // Placeholders stay as they are: patchers must ignore them.
        return Edit(
            off: InputIndex(rawValue: off), remove: remove, patch: patch, keep: keep.map(PatchIndex.init(rawValue:)),
            refs: refs, skip: skip)
    }

    private mutating func expectation() throws(AssemblyError) -> Case.Expectation {
        _ = peek()
        let start = position
        var insns: [Instruction]?
        var aux: [UInt32]?
        var subprograms: [Subprogram]?
        var lines: [LineRecord]?
        var error: PatchStatus?
        try beginObject()
        while let key = try nextKey(of: ["insns", "aux", "subprogs", "lines", "error"]) {
            switch key {
            case "insns": insns = try instructions(allowsFill: true)
            case "aux": aux = try numbers()
            case "subprogs": subprograms = try pairs().map { Subprogram(start: $0, id: $1) }
            case "lines": lines = try pairs().map { LineRecord(insnOff: $0, id: $1) }
            default:
                _ = peek()
                let place = position
                let name = try string()
                error = [PatchStatus.einval, .erange].first { $0.errorName == name }
                if error == nil { throw fault("`EINVAL` or `ERANGE`", at: place) }
            }
        }
        guard let error else { return .result(insns: insns, aux: aux, subprograms: subprograms, lines: lines) }
        if insns != nil || aux != nil || subprograms != nil || lines != nil {
            throw fault("either `error` or the parts of a result", at: start)
        }
        return .error(error)
    }

    // MARK: Arrays

    /// Reads instructions and, where they are allowed, runs of them: `{"fill": n, "imm": k}`.
    private mutating func instructions(allowsFill: Bool) throws(AssemblyError) -> [Instruction] {
        var insns: [Instruction] = []
        try beginArray()
        while try nextElement() {
            guard allowsFill && peek() == UInt8(ascii: "{") else {
                insns.append(try instruction())
                continue
            }
            let start = position
            var count: UInt32?
            var imm: UInt32?
            try beginObject()
            while let key = try nextKey(of: ["fill", "imm"]) {
                if key == "fill" { count = try number(0...UInt32(SlotRun.most)) } else { imm = try number() }
            }
            guard let count, let imm else { throw fault("a run with `fill` and `imm`", at: start) }
            if insns.count + Int(count) > SlotRun.most { throw fault("at most \(SlotRun.most) slots", at: start) }
            if UInt64(imm) + UInt64(count) > UInt64(UInt32.max) + 1 {
                throw fault("a run whose numbers stay below 2^32", at: start)
            }
            insns.reserveCapacity(insns.count + Int(count))
            for number in 0..<count {
                insns.append(Instruction(code: Opcode.movImmediate64, dst: 1, imm: Int32(bitPattern: imm + number)))
            }
        }
        return insns
    }

    private mutating func numbers() throws(AssemblyError) -> [UInt32] {
        var numbers: [UInt32] = []
        try beginArray()
        while try nextElement() { numbers.append(try number()) }
        return numbers
    }

    private mutating func pairs() throws(AssemblyError) -> [(UInt32, UInt32)] {
        var pairs: [(UInt32, UInt32)] = []
        try beginArray()
        while try nextElement() {
            _ = peek()
            let start = position
            let pair = try numbers()
            if pair.count != 2 { throw fault("a pair of numbers", at: start) }
            pairs.append((pair[0], pair[1]))
        }
        return pairs
    }
}
