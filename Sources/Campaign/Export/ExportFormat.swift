import Fuzzing

/// The formats of an exported case.
package enum ExportFormat: String, CaseIterable, Sendable {
    case c, json, asm, selftest

    /// The contents, in one line.
    package var summary: String {
        switch self {
        case .c: "a C program that puts the case through a patcher of the C ABI, or loads it into the kernel"
        case .json: "one JSON line with the expected result, as 'apply' and 'replay' read it"
        case .asm: "the program in assembler text, with its passes as comments"
        case .selftest: "a test for tools/testing/selftests/bpf/progs, with __xlated lines; for kernel cases"
        }
    }

    /// The text of a case in this format.
    ///
    /// - Parameters:
    ///   - file: the name of the case file, for errors
    ///   - name: the name of the file that is written, for comments
    /// - Throws: ``CampaignError`` if the program is ill formed, or the format does not fit the case
    /// - Complexity: O(slots × edits)
    package func text(of c: Case, file: String, name: String) throws(CampaignError) -> String {
        if let fault = c.program.fault() { throw CampaignError("\(file): the program is ill formed: \(fault)") }
        switch self {
        case .c:
            if let text = KernelReproducer.text(of: c, file: name) { return text }
            do throws(ExportFault) { return try PatcherProgram(c, file: name).text } catch {
                throw CampaignError("\(file): has no C program: \(error)")
            }
        case .json: return ScriptLine.print(Self.expecting(c)) + "\n"
        case .asm: return AssemblyExport.text(of: Self.expecting(c))
        case .selftest:
            do throws(ExportFault) { return try SelfTest(c).text } catch {
                throw CampaignError("\(file): has no test for the selftests: \(error)")
            }
        }
    }

    /// The case with the result by the rules, if its file has none.
    private static func expecting(_ c: Case) -> Case {
        if c.expected != nil || c.loading != nil && c.passes.isEmpty { return c }
        guard let history = try? CaseHistory(c) else { return c }
        var c = c
        c.expected = history.outcome(of: c)
        return c
    }
}
