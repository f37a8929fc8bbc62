import BPF

/// An input of a fuzzing engine: the choices of a case as a byte string, or the text of a case file.
///
/// Every byte string is a case. One that begins like a case file and can be read as one is that case, so that cases
/// which no choices make, such as minimized ones, can be in a corpus too.
package enum EngineInput {
    /// The case of a text, or `nil` if the input is a string of choices.
    package static func text(_ bytes: [UInt8]) -> Case? {
        if !bytes.starts(with: CaseFile.title.utf8) { return nil }
        return String(validating: bytes, as: UTF8.self).flatMap { try? CaseFile.parse($0, file: "input") }
    }

    /// Returns true for the name of an engine's file: libFuzzer uses a SHA-1 with or without a prefix, AFL++ a number.
    package static func isName(_ name: String) -> Bool {
        name.wholeMatch(of: #/((crash|leak|timeout|oom|slow-unit|minimized-from)-)?[0-9a-f]{40}/#) != nil
            || name.wholeMatch(of: #/id[:_][0-9]{6}.*/#) != nil
    }
}

/// Turns inputs of a fuzzing engine into cases, and cases into inputs.
///
/// The case of a byte string depends on the limits of the tested patchers, so both directions need the same patchers.
package struct EngineCases: ~Copyable {
    private let limits: [CaseLimits]
    private var fuzzer: Fuzzer

    /// - Parameter limits: the limits of the patchers (``CaseLimits/turns(_:)``)
    package init(limits: [CaseLimits]) {
        self.limits = limits
        fuzzer = Fuzzer(seed: 0, limits: limits, patchers: [])
    }

    /// The case of an input, with its choices as comment.
    ///
    /// - Complexity: O(slots) a pass
    package mutating func makeCase(_ bytes: [UInt8]) -> Case {
        if let c = EngineInput.text(bytes) { return c }
        var c = fuzzer.makeCase(Draws(bytes: bytes))
        c.comment = Self.comment(bytes)
        return c
    }

    /// The input of a case.
    ///
    /// - Returns: the choices in its comment, or those of its seed and index, if they make it again; else its text
    /// - Complexity: O(slots) a pass
    package mutating func input(of c: Case) -> (bytes: [UInt8], isText: Bool) {
        if let choices = Self.choices(c.comment), makes(c, choices) { return (choices, false) }
        if let origin = c.origin {
            var other = Fuzzer(seed: origin.seed, limits: limits, patchers: [])
            let choices = other.choices(index: origin.index)
            if makes(c, choices) { return (choices, false) }
        }
        return (Array(CaseFile.print(c).utf8), true)
    }

    /// Returns true if choices make the program and passes of a case.
    private mutating func makes(_ c: Case, _ choices: [UInt8]) -> Bool {
        let made = fuzzer.makeCase(Draws(bytes: choices))
        let wanted = c.withPlaceholdersCleared()
        return made.program == wanted.program && made.withPlaceholdersCleared().passes == wanted.passes
    }

    private static let title = "choices:"
    /// The digits of a line.
    private static let width = 100

    private static func comment(_ choices: [UInt8]) -> String {
        var digits = choices.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()[...]
        var lines = [title]
        while !digits.isEmpty {
            lines.append(String(digits.prefix(width)))
            digits = digits.dropFirst(width)
        }
        return lines.joined(separator: "\n")
    }

    /// The choices in a comment, or `nil`.
    static func choices(_ comment: String?) -> [UInt8]? {
        let lines = (comment ?? "").split(separator: "\n").map { $0.drop { $0 == " " } }
        guard lines.first == title[...] else { return nil }
        let digits = Array(lines.dropFirst().joined().utf8)
        if digits.count % 2 != 0 { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[at..<at + 2], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
