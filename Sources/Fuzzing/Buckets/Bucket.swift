/// The class of a finding: target, broken rule, kind of instruction and kind of edit.
///
/// - Shape: as text, these four joined by slashes, and a fifth word if the pass is beyond the kernel's contract
package struct Bucket: Hashable, Sendable {
    /// The patcher, `kernel`, or the part of the harness that is at fault.
    package var target: String
    /// The broken rule.
    package var rule: BrokenRule
    /// The kind of instruction, or another word that distinguishes findings of the rule.
    package var insn: String
    /// The kind of edit.
    package var edit: String
    /// True if the pass is beyond the kernel's contract.
    package var isBeyondContract: Bool

    /// The last word of a bucket beyond the contract.
    package static let beyondContract = "beyond-contract"

    package init(target: String, rule: BrokenRule, insn: String, edit: String, isBeyondContract: Bool = false) {
        self.target = target
        self.rule = rule
        self.insn = insn
        self.edit = edit
        self.isBeyondContract = isBeyondContract
    }

    /// Reads the text of a bucket; `nil` for a text of another form, as in a file that was written by hand.
    package init?(_ text: String) {
        var words = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        isBeyondContract = words.count == 5 && words[4] == Self.beyondContract
        if isBeyondContract { words.removeLast() }
        guard words.count == 4, let rule = BrokenRule(rawValue: words[1]) else { return nil }
        target = words[0]
        self.rule = rule
        insn = words[2]
        edit = words[3]
    }

    /// The kind of instruction without direction and role.
    package var insnFamily: String { InstructionWord(insn)?.kind.rawValue ?? insn }

    /// The kind of instruction with direction and without role.
    package var insnDirection: String {
        guard let word = InstructionWord(insn) else { return insn }
        return InstructionWord(word.kind, word.way).text
    }

    /// True if cases of the bucket can slide into others: a patcher returns wrong results, but follows its interface.
    package var canSlide: Bool {
        switch rule {
        case .error: insn.contains("-became-")
        case .layout, .encoding, .wrongLanding, .aux, .subprogram, .line: target != Finding.kernelTarget
        default: false
        }
    }

    /// The text, which ``init(_:)`` reads.
    package var text: String {
        // One allocation: a campaign against an always wrong patcher makes one text for each case.
        let words = (target.utf8, rule.rawValue.utf8, insn.utf8, edit.utf8)
        let count = words.0.count + words.1.count + words.2.count + words.3.count + 3
        let text = unsafe String(unsafeUninitializedCapacity: count) { room in
            var rest = unsafe room[...]
            func put(_ word: String.UTF8View) {
                _ = unsafe rest.update(fromContentsOf: word)
                unsafe rest = unsafe rest.dropFirst(word.count)
            }
            put(words.0)
            for word in [words.1, words.2, words.3] {
                unsafe rest[rest.startIndex] = UInt8(ascii: "/")
                unsafe rest = unsafe rest.dropFirst()
                put(word)
            }
            return count
        }
        return isBeyondContract ? text + "/" + Self.beyondContract : text
    }

    /// The target of a bucket of any form: the text before its first slash.
    package static func target(of text: String) -> String { String(text.prefix { $0 != "/" }) }

    /// The rule of a bucket, or `nil` if the text has none.
    package static func rule(of text: String) -> BrokenRule? {
        text.split(separator: "/").dropFirst().first.flatMap { BrokenRule(rawValue: String($0)) }
    }
}
