import BPF
import Fuzzing

/// One slot of an expansion, parsed from the text of a row: a comparison and at most one binding.
struct ExpansionSlot: BitwiseCopyable {
    /// Where a field comes from.
    enum Filler: UInt8, BitwiseCopyable {
        case fixed, dst, src, defined, argument, imm, off
    }

    enum Role: UInt8, BitwiseCopyable {
        case plain, keep, target, callback
        /// The second slot of a wide load of a chosen constant.
        case upper
    }

    var bits: UInt64 = 0
    /// The compared bits.
    var mask = UInt64.max
    var role = Role.plain
    var dst = Filler.fixed
    var src = Filler.fixed
    /// For the `imm`, or the `off` of loads and stores.
    var number = Filler.fixed
    var isNumberInOff = false
    /// The number of the chosen value; -1 for none.
    var value: Int8 = -1
    var isValueInOff = false
    var addend: Int16 = 0

    /// An instruction with another value of the kernel's choice.
    func with(_ value: Int64, in insn: Instruction) -> Instruction {
        var insn = insn
        let field = value + Int64(addend)
        if isValueInOff {
            insn.off = Int16(truncatingIfNeeded: field)
        } else {
            insn.imm = Int32(truncatingIfNeeded: field)
        }
        return insn
    }

    /// The bits of each field.
    private static let dstBits: UInt64 = 0x0f00
    private static let srcBits: UInt64 = 0xf000
    private static let offBits: UInt64 = 0xffff_0000
    private static let immBits: UInt64 = 0xffff_ffff_0000_0000

    /// Parses the text of a row.
    ///
    /// A placeholder is found by parsing a line twice, with two samples for it: the fields that differ are its own.
    ///
    /// - Parameter values: the chosen values of the row so far, in order
    /// - Throws: the assembler's error for a line that is none
    static func parse(_ text: String, _ values: inout [ChosenValue]) throws -> [ExpansionSlot] {
        var slots: [ExpansionSlot] = []
        for line in text.split(separator: "\n") {
            let words = RowText.words(String(line))
            if words.allSatisfy({ $0 == " " }) { continue }
            if words.contains("KEEP") {
                slots.append(ExpansionSlot(role: .keep))
                continue
            }
            let base = try statement(words, changed: nil)
            var slot = ExpansionSlot(bits: base.insn.bits)
            var second = base.secondSlot.map { ExpansionSlot(bits: $0.bits, role: .upper) }
            for (place, word) in words.enumerated() {
                guard let samples = samples(of: word, isWide: base.width == 2) else { continue }
                let other = try statement(words, changed: (word, samples.1))
                let difference = base.insn.bits ^ other.insn.bits
                slot.take(word, difference, addend: addend(after: place, words), &values)
                second?.mask &= ~immBits
            }
            second?.value = slot.value
            slots.append(slot)
            if let second { slots.append(second) }
        }
        return slots
    }

    /// Notes the fields of a placeholder.
    private mutating func take(_ word: String, _ fields: UInt64, addend: Int16, _ values: inout [ChosenValue]) {
        func filled(_ filler: Filler) {
            if fields & Self.dstBits != 0 { dst = filler }
            if fields & Self.srcBits != 0 { src = filler }
        }
        let wide = (fields & Self.dstBits != 0 ? Self.dstBits : 0) | (fields & Self.srcBits != 0 ? Self.srcBits : 0)
        bits &= ~wide
        switch word {
        case "rD", "wD": filled(.dst)
        case "rS", "wS": filled(.src)
        case "rR": filled(.defined)
        case "rA": filled(.argument)
        case "IMM", "NONZERO", "OFF":
            isNumberInOff = fields & Self.offBits != 0
            // `NONZERO` is the `imm`, and of a load the `off`: the pattern says so.
            number = word == "OFF" ? .off : .imm
            bits &= ~(isNumberInOff ? Self.offBits : Self.immBits)
        case "TARGET":
            role = .target
            mask &= ~Self.offBits
        case "CALLBACK":
            role = .callback
            mask &= ~(Self.offBits | Self.immBits)
        default:
            guard let chosen = ChosenValue(rawValue: String(word.dropFirst())) else {
                preconditionFailure("\(word) is no value of ChosenValue")
            }
            if !values.contains(chosen) { values.append(chosen) }
            value = Int8(values.firstIndex(of: chosen) ?? 0)
            isValueInOff = fields & Self.offBits != 0
            self.addend = addend
            mask &= ~(isValueInOff ? Self.offBits : Self.immBits)
        }
    }

    /// Two samples for a placeholder; `nil` for another word.
    private static func samples(of word: String, isWide: Bool) -> (String, String)? {
        switch word {
        case "rD", "rS", "rR", "rA": ("r6", "r9")
        case "wD", "wS": ("w6", "w9")
        case "TARGET", "CALLBACK": ("+5", "+6")
        case "IMM", "NONZERO", "OFF": ("5", "6")
        default: word.first == "$" ? (isWide ? ("21474836485", "25769803782") : ("5", "6")) : nil
        }
    }

    private static func statement(_ words: [String], changed: (word: String, sample: String)?) throws -> Statement {
        let isWide = words.last == "ll"
        var text = ""
        var place = 0
        while place < words.count {
            let word = words[place]
            if let changed, changed.word == word {
                text += changed.sample
            } else {
                text += samples(of: word, isWide: isWide)?.0 ?? word
            }
            // The addend is no part of the assembler's syntax.
            place += word.first == "$" && addend(after: place, words) != 0 ? 3 : 1
        }
        return try Assembler.statement(text)
    }

    /// The `+8` right after a word; 0 where there is none.
    private static func addend(after place: Int, _ words: [String]) -> Int16 {
        guard place + 2 < words.count, words[place + 1] == "+" else { return 0 }
        return Int16(words[place + 2]) ?? 0
    }
}
