import BPF
import Fuzzing
import Patching

/// A case as text to look at: each pass with its input, its edits and its result, and what a patcher got wrong.
///
/// Jumps are drawn beside the instructions with light lines, calls with double ones, what is wrong with heavy ones. An
/// instruction where something lands has an `L` before its index. As in a diff, `-` is what an edit takes out and `+` what
/// it brings in; `=` is what its patch keeps. `P3` is slot 3 of a patch, `@7` slot 7 of the input.
public struct CasePicture {
    private let c: Case
    private let patchers: [any Patcher]
    private let width: Int
    private let color: Bool
    private let target: String?

    /// The narrowest picture that can be drawn.
    ///
    /// - Units: columns
    public static let leastWidth = 60

    /// How many wrong patchers get a table of their own.
    private static let tableLimit = 3

    /// Makes a picture.
    ///
    /// - Parameters:
    ///   - patchers: who carries the case out beside the rules; each must survive it
    ///   - width: how wide a line may be, at least ``leastWidth``
    ///   - color: whether the text goes to a terminal that shows colours
    ///   - target: the patcher whose result is shown when it is wrong; `nil` for the case's target, or for every
    ///     patcher when it has none among them
    public init(
        _ c: Case, patchers: [any Patcher], width: Int = 120, color: Bool = false, pictureOf target: String? = nil
    ) {
        self.c = c
        self.patchers = patchers
        self.width = max(width, Self.leastWidth)
        self.color = color
        self.target = target ?? c.target.flatMap { name in patchers.contains { $0.name == name } ? name : nil }
    }

    /// Draws the picture; each line ends in a newline.
    ///
    /// - Throws: the program's fault, when it is ill formed
    /// - Complexity: O(slots) a pass, and what the patchers take
    public func text() throws(ProgramFault) -> String {
        let history = try CaseHistory(c)
        var verdicts: [PatcherVerdict] = []
        var agreeing: [String] = []
        for patcher in patchers where target == nil || patcher.name == target {
            if let verdict = try PatcherVerdict(of: patcher, on: c, history) {
                // A fault of the harness itself shows with every patcher.
                if !verdicts.contains(where: { $0.finding == verdict.finding }) { verdicts.append(verdict) }
            } else {
                agreeing.append(patcher.name)
            }
        }
        let kernel = KernelVerdict(c, history)
        var lines = header(kernel, verdicts, agreeing, history)
        let hasAux = verdicts.isEmpty
        for (number, step) in history.steps.enumerated() {
            lines += section(step, number, hasAux: hasAux, number == history.steps.count - 1 ? kernel : nil)
            for verdict in verdicts.filter({ $0.finding.pass == number }).prefix(Self.tableLimit) {
                lines += comparison(verdict, step)
            }
        }
        if history.steps.isEmpty { lines += [rule("no passes")] + listing(c.program) }
        lines += [StyledText()] + StyledText.wrapList(Self.legend, to: width).map { StyledText($0, .faint) }
        return lines.map { $0.printed(color: color) + "\n" }.joined()
    }

    // MARK: Sections

    private static let legend =
        "- taken out, + brought in, = kept, L5 something lands there, P3 slot 3 of a patch, @7 slot 7 of the input, "
        + "─► jump, ═► call, ━► what it is about, ✗ what is wrong"

    private func header(
        _ kernel: KernelVerdict?, _ verdicts: [PatcherVerdict], _ agreeing: [String], _ history: CaseHistory
    ) -> [StyledText] {
        var lines: [StyledText] = []
        func add(_ text: String, _ tone: Tone, indentation: Int = 0) {
            for (number, words) in StyledText.wrap(text, to: width - indentation).enumerated() {
                lines.append(StyledText(String(repeating: " ", count: number > 0 ? indentation : 0) + words, tone))
            }
        }
        if !c.name.isEmpty { add(c.name, .heading) }
        if let origin = c.origin { add("seed \(origin.seed), index \(origin.index)", .faint) }
        if let bucket = c.bucket { add("bucket \(bucket)", .faint) }
        if let kernel { add(kernel.text, .wrong, indentation: 2) }
        for verdict in verdicts {
            let finding = verdict.finding
            let pass = c.passes.count > 1 ? ", pass \(finding.pass + 1)" : ""
            add("✗ \(finding.target)\(pass): \(finding.rule.rawValue): \(finding.detail)", .wrong, indentation: 2)
        }
        // Who has no pass to carry out says nothing about a kernel's case, and nobody is to be taken for the kernel.
        if !agreeing.isEmpty && (c.loading == nil || !history.steps.isEmpty) {
            let isBuiltIn = agreeing.allSatisfy { name in PatcherChoice.builtIn.contains { $0.name == name } }
            let whose = isBuiltIn ? "the built-in patchers" : "these patchers"
            let words = c.loading == nil ? "as the rules have it" : "\(whose) do as the rules have it"
            add("✓ \(words): \(agreeing.joined(separator: ", "))", .right, indentation: 2)
        }
        if let expected = c.expected, !expected.agrees(with: history.outcome(of: c)) {
            add("✗ the case itself expects something else than the rules give", .wrong, indentation: 2)
        }
        return lines
    }

    /// A heading over the whole width.
    private func rule(_ title: String) -> StyledText {
        var line = StyledText("── \(title) ", .heading)
        line.cut(to: width)
        while line.count < width { line.append("─", .faint) }
        return line
    }

    private func section(_ step: CaseHistory.Step, _ number: Int, hasAux: Bool, _ kernel: KernelVerdict?)
        -> [StyledText]
    {
        let edits = step.pass.edits.count
        var title = "pass \(number + 1) of \(c.passes.count): \(edits == 1 ? "1 edit" : "\(edits) edits"), "
        title += "\(StyledText.count(step.input.insns.count)) slots"
        if let result = step.result { title += " → \(StyledText.count(result.insns.count))" }
        var lines = [StyledText(), rule(title)]
        if let refusal = step.refusal {
            for words in StyledText.wrap("✗ refused with \(refusal)", to: width) {
                lines.append(StyledText(words, .heading))
            }
        }
        let input = Listing("input", step.input)
        var result = step.result.map { Listing("result", $0) }
        var rows = PassLayout(step.pass, input: input, result: result, refusal: step).rows
        if result != nil { kernel?.mark(&rows, &result!) }
        let table = PictureTable(
            left: input, right: result, rightTitle: result?.title ?? "patches",
            rows: RowFolding.fold(rows, left: input, right: result, jumps: true), hasMiddle: true,
            showsAux: hasAux && hasWords(step.input.aux))
        return lines + table.lines(width: width)
    }

    private func comparison(_ verdict: PatcherVerdict, _ step: CaseHistory.Step) -> [StyledText] {
        let finding = verdict.finding
        var lines = [StyledText(), rule("\(finding.target): \(finding.rule.rawValue)")]
        guard let actual = verdict.actual, actual.aux.count == actual.insns.count else {
            lines += StyledText.wrap("✗ \(finding.detail)", to: width).map { StyledText($0, .wrong) }
            return lines
        }
        guard let expected = step.result else {
            lines += StyledText.wrap("✗ \(finding.detail)", to: width).map { StyledText($0, .wrong) }
            return lines + [StyledText("actual, from \(finding.target)", .heading)] + listing(actual)
        }
        let compared = ResultComparison(expected: expected, actual: actual, target: finding.target)
        let rows = RowFolding.fold(compared.rows, left: compared.expected, right: compared.actual, jumps: false)
        let table = PictureTable(
            left: compared.expected, right: compared.actual, rightTitle: compared.actual.title, rows: rows,
            hasMiddle: false, showsAux: compared.hasAuxFault, auxMatters: compared.hasAuxFault,
            linesMatter: compared.hasLineFault)
        return lines + table.lines(width: width)
    }

    /// A program by itself.
    private func listing(_ program: Program) -> [StyledText] {
        let listing = Listing("", program)
        let rows = listing.isStart.indices.filter { listing.isStart[$0] }.map { PictureRow(PictureEntry(.slot($0))) }
        let table = PictureTable(
            left: listing, right: nil, rightTitle: "",
            rows: RowFolding.fold(
                PassLayout.withHeaders(rows, left: listing, right: nil), left: listing, right: nil, jumps: true),
            hasMiddle: false, showsAux: hasWords(program.aux))
        return table.single(width)
    }

    private func hasWords(_ aux: [UInt32]) -> Bool { aux.contains { $0 != 0 } }
}
