import BPF
import Fuzzing

/// The first difference between the expected result in a file and the correct one.
enum ExpectationDifference {
    /// The difference in words, or `nil` if the file is right.
    ///
    /// - Complexity: O(slots)
    static func words(between file: Case.Expectation, and rules: Case.Expectation) -> String? {
        if file.agrees(with: rules) { return nil }
        guard case .result(let insns, let aux, let subprograms, let lines) = file,
            case .result(let insns2, let aux2, let subprograms2, let lines2) = rules
        else { return "the file expects \(word(file)), the rules require \(word(rules))" }
        return slots(insns, insns2)
            ?? first(aux, aux2, "aux word of slot") { String($0) }
            ?? first(subprograms, subprograms2, "subprogram") { "id \($0.id) at \($0.start)" }
            ?? first(lines, lines2, "line record") { "id \($0.id) at \($0.insnOff)" }
    }

    /// A wide load is compared and printed as one instruction.
    private static func slots(_ file: [Instruction]?, _ rules: [Instruction]?) -> String? {
        guard let file, let rules, file != rules else { return nil }
        let differing = zip(file, rules).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        var place = differing ?? min(file.count, rules.count)
        if place > 0, [file, rules].contains(where: { place < $0.count && isSecond(place, of: $0) }) { place -= 1 }
        func text(_ insns: [Instruction]) -> String {
            if place >= insns.count { return "nothing" }
            return Disassembler.text(of: insns[place], secondSlot: place + 1 < insns.count ? insns[place + 1] : nil) {
                .label("L\(place + 1 + $0)")
            }
        }
        return "slot \(place): the file expects \(text(file)), the rules require \(text(rules))"
    }

    private static func isSecond(_ place: Int, of insns: [Instruction]) -> Bool {
        Disassembler.width(of: insns[place - 1], secondSlot: insns[place]) == 2
    }

    private static func first<Row: Equatable>(
        _ file: [Row]?, _ rules: [Row]?, _ noun: String, _ text: (Row) -> String
    ) -> String? {
        guard let file, let rules, file != rules else { return nil }
        let number = zip(file, rules).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let place = number ?? min(file.count, rules.count)
        func row(_ rows: [Row]) -> String { place < rows.count ? text(rows[place]) : "nothing" }
        return "\(noun) \(place): the file expects \(row(file)), the rules require \(row(rules))"
    }

    private static func word(_ expectation: Case.Expectation) -> String {
        if case .error(let status) = expectation { return status.errorName ?? "a result" }
        return "a result"
    }
}
