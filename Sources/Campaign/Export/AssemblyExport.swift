import BPF
import Fuzzing

/// A case as assembler text: the program, with its passes and the expected result as comments.
///
/// `Program(_:)` reads the text back to the program of the case.
enum AssemblyExport {
    /// - Complexity: O(slots + edits)
    static func text(of c: Case) -> String {
        var lines = ExportComment.lines(of: c).map { "# " + $0 }
        lines.append("")
        lines.append(c.program.description)
        // The sections after the program, from the text of a case file.
        let plain = Case(program: c.program, passes: c.passes, expected: c.expected)
        let sections = CaseFile.print(plain).split(separator: "\n", omittingEmptySubsequences: false)
        let isSection = { (line: Substring) in line == "pass" || line.hasPrefix("expect") }
        for line in sections.drop(while: { !isSection($0) }) { lines.append(line.isEmpty ? "#" : "# " + line) }
        while lines.last == "#" { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }
}
