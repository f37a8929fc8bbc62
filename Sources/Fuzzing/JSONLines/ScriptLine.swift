import BPF
import Patching

/// The form of a ``Case`` as one line of JSON, for other programs.
///
/// It does not hold the target, the bucket, or the seed and index.
///
/// - Source: SEMANTICS, "JSON"
package enum ScriptLine {
    /// Reads one line.
    ///
    /// The program need not be well formed; see `Program.fault()`. Placeholders become zeros.
    ///
    /// - Parameters:
    ///   - file: the name of the file in errors
    ///   - number: the number of the line, from 1
    /// - Throws: the first error, with the path of its value
    /// - Complexity: O(length + slots)
    package static func parse(_ line: String, file: String, number: Int) throws(TextError) -> Case {
        do throws(AssemblyError) {
            var scanner = JSONScanner(line)
            let c = try scanner.script()
            try scanner.end()
            return c
        } catch {
            throw TextError(error, file: file, line: number)
        }
    }

    /// Reads all lines of a file except blank ones.
    ///
    /// - Throws: the first error
    package static func parseAll(_ text: String, file: String) throws(TextError) -> [Case] {
        var cases: [Case] = []
        var number = 0
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            cases.append(try parse(String(Substring(bytes)), file: file, number: number))
        }
        return cases
    }

    /// Writes one line, without the end of the line.
    ///
    /// - Complexity: O(slots + edits)
    package static func print(_ c: Case) -> String {
        var writer = JSONWriter()
        writer.add(c)
        return writer.text
    }
}

/// The line with the result of a ``ScriptLine``.
package enum AnswerLine {
    /// The result of a script.
    package enum Answer: Hashable, Sendable {
        /// The result of the last pass.
        case program(Program)
        /// The error of the first pass that failed; never ``PatchStatus/accepted``.
        case error(PatchStatus)
        /// The reason for which the program is ill formed.
        case malformed(String)
    }

    /// Writes one line, without the end of the line.
    ///
    /// - Complexity: O(slots)
    package static func print(name: String, _ answer: Answer) -> String {
        var writer = JSONWriter()
        writer.add(name: name, answer)
        return writer.text
    }
}
