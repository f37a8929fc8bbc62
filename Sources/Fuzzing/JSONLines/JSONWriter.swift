import BPF
import Patching

/// Builds one line of JSON without blanks.
struct JSONWriter {
    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Whole lines

    /// Adds a script; parts with the default value are left out.
    mutating func add(_ c: Case) {
        add("{\"name\":")
        add(string: c.name)
        add(",\"insns\":")
        add(insns: c.program.insns, foldsRuns: true)
        if c.program.aux.count != c.program.insns.count || c.program.aux.contains(where: { $0 != 0 }) {
            add(",\"aux\":")
            add(numbers: c.program.aux)
        }
        add(",\"subprogs\":")
        add(pairs: c.program.subprograms.map { ($0.start, $0.id) })
        add(",\"lines\":")
        add(pairs: c.program.lines.map { ($0.insnOff, $0.id) })
        add(",\"passes\":")
        add(array: c.passes) { $0.add(array: $1.edits) { $0.add($1) } }
        if let expected = c.expected {
            add(",\"expect\":")
            add(expected)
        }
        add("}")
    }

    /// Adds an answer.
    mutating func add(name: String, _ answer: AnswerLine.Answer) {
        add("{\"name\":")
        add(string: name)
        add(",\"result\":{")
        switch answer {
        case .program(let program):
            add("\"insns\":")
            add(insns: program.insns, foldsRuns: false)
            add(",\"aux\":")
            add(numbers: program.aux)
            add(",\"subprogs\":")
            add(pairs: program.subprograms.map { ($0.start, $0.id) })
            add(",\"lines\":")
            add(pairs: program.lines.map { ($0.insnOff, $0.id) })
        case .error(let status):
            add("\"error\":")
            add(string: status.errorName ?? "")
        case .malformed(let reason):
            add("\"malformed\":")
            add(string: reason)
        }
        add("}}")
    }

    private mutating func add(_ edit: Edit) {
        add("{\"off\":\(edit.off.rawValue),\"remove\":\(edit.remove),\"patch\":")
        add(insns: edit.patch, foldsRuns: false)
        if let keep = edit.keep { add(",\"keep\":\(keep.rawValue)") }
        if !edit.refs.isEmpty {
            add(",\"refs\":")
            add(pairs: edit.refs.map { ($0.from.rawValue, $0.to.rawValue) })
        }
        if edit.skip { add(",\"skip\":true") }
        add("}")
    }

    private mutating func add(_ expected: Case.Expectation) {
        switch expected {
        case .error(let status):
            add("{\"error\":")
            add(string: status.errorName ?? "")
            add("}")
        case .result(let insns, let aux, let subprograms, let lines):
            var separator = "{"
            func key(_ name: String) -> String {
                defer { separator = "," }
                return "\(separator)\"\(name)\":"
            }
            if let insns {
                add(key("insns"))
                add(insns: insns, foldsRuns: true)
            }
            if let aux {
                add(key("aux"))
                add(numbers: aux)
            }
            if let subprograms {
                add(key("subprogs"))
                add(pairs: subprograms.map { ($0.start, $0.id) })
            }
            if let lines {
                add(key("lines"))
                add(pairs: lines.map { ($0.insnOff, $0.id) })
            }
            add(separator == "{" ? "{}" : "}")
        }
    }

    // MARK: Values

    private mutating func add(_ text: String) { bytes += text.utf8 }

    private mutating func add<Element>(array: [Element], _ each: (inout JSONWriter, Element) -> Void) {
        add("[")
        for (number, element) in array.enumerated() {
            if number > 0 { add(",") }
            each(&self, element)
        }
        add("]")
    }

    private mutating func add(numbers: [UInt32]) { add(array: numbers) { $0.add("\($1)") } }

    private mutating func add(pairs: [(UInt32, UInt32)]) { add(array: pairs) { $0.add("[\($1.0),\($1.1)]") } }

    private mutating func add(insns: [Instruction], foldsRuns: Bool) {
        add("[")
        var slot = 0
        while slot < insns.count {
            if slot > 0 { add(",") }
            // A run of negative numbers would wrap.
            if foldsRuns, insns[slot].imm >= 0, let run = SlotRun(insns, at: slot, limit: insns.count) {
                add("{\"fill\":\(run.count),\"imm\":\(run.imm)}")
                slot += run.count
            } else {
                add(insns[slot])
                slot += 1
            }
        }
        add("]")
    }

    private mutating func add(_ insn: Instruction) {
        add("\"")
        var bits = insn.bits
        for _ in 0..<8 {
            let byte = UInt8(truncatingIfNeeded: bits)
            bytes.append(Self.digit(byte >> 4))
            bytes.append(Self.digit(byte & 15))
            bits >>= 8
        }
        add("\"")
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private mutating func add(string: String) {
        add("\"")
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): add("\\\"")
            case UInt8(ascii: "\\"): add("\\\\")
            case 0..<0x20: add("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        add("\"")
    }
}
