import BPF
import Fuzzing
import Patching

/// A case drawn as text: each pass with its input, its edits and its result, and the faults of wrong results.
///
/// Lines beside the instructions are light for jumps, double for calls and heavy for wrong jumps. A jump target has an
/// `L` before its index. As in a diff, an edit removes the instructions at `-` and adds those at `+`; its patch keeps
/// those at `=`. `P3` is slot 3 of a patch, `@7` slot 7 of the input.
package struct CasePicture {
    private let c: Case
    private let patchers: [any Patcher]
    private let width: Int
    private let color: Bool
    private let target: String?
    private let beyondContract: Bool
    private let oracle: Oracle
    private let deaths: [Finding]

    /// The narrowest picture that can be drawn.
    ///
    /// - Units: columns
    package static let leastWidth = 60

    /// The width of pictures in HTML.
    ///
    /// - Units: columns
    package static let pageWidth = 100

    /// The most tables of wrong results for one pass.
    private static let tableLimit = 3

    /// Makes a picture.
    ///
    /// - Parameters:
    ///   - patchers: the patchers that run the case; none of them may crash on it
    ///   - width: the longest line in columns, at least ``leastWidth``
    ///   - color: true if the text goes to a terminal that shows colours
    ///   - beyondContract: true if patchers built from kernel functions also run passes outside the kernel's contract
    ///   - deaths: the findings of patchers that crash on the case, which are not among `patchers`
    ///   - target: the patcher whose wrong result is shown; `nil` for the case's target, or for all patchers if the
    ///     target is not among them
    package init(
        _ c: Case, patchers: [any Patcher], width: Int = 120, color: Bool = false, beyondContract: Bool = false,
        oracle: Oracle = .fast, deaths: [Finding] = [], pictureOf target: String? = nil
    ) {
        self.beyondContract = beyondContract
        self.oracle = oracle
        self.deaths = deaths
        self.c = c
        self.patchers = patchers
        self.width = max(width, Self.leastWidth)
        self.color = color
        self.target = target ?? c.target.flatMap { name in patchers.contains { $0.name == name } ? name : nil }
    }

    /// Draws the picture; each line ends in a newline.
    ///
    /// - Throws: the program's fault if it is ill formed
    /// - Complexity: O(slots) a pass, and the run time of the patchers
    package func text() throws(ProgramFault) -> String {
        try lines().map { $0.printed(color: color) + "\n" }.joined()
    }

    /// Draws the picture as the content of an HTML `pre`.
    ///
    /// - Throws: the program's fault if it is ill formed
    /// - Complexity: O(slots) a pass, and the run time of the patchers
    package func html() throws(ProgramFault) -> String {
        try lines().map { $0.html + "\n" }.joined()
    }

    private func lines() throws(ProgramFault) -> [StyledText] {
        let history = try CaseHistory(c, oracle)
        var verdicts: [PatcherVerdict] = []
        var agreeing: [String] = []
        var notRun: [(name: String, reason: String)] = []
        for patcher in patchers where target == nil || patcher.name == target {
            switch try PatcherVerdict.outcome(of: patcher, on: c, history, beyondContract: beyondContract, oracle) {
            case .wrong(let verdict):
                // A fault of the harness is the same finding for every patcher.
                if !verdicts.contains(where: { $0.finding == verdict.finding }) { verdicts.append(verdict) }
            case .right: agreeing.append(patcher.name)
            case .notRun(let reason): notRun.append((patcher.name, reason))
            }
        }
        let kernel = KernelVerdict(c, history)
        var lines = header(kernel, verdicts, agreeing, notRun, history)
        let hasAux = verdicts.isEmpty
        for (number, step) in history.steps.enumerated() {
            lines += section(step, number, hasAux: hasAux)
            for verdict in verdicts.filter({ $0.finding.pass == number }).prefix(Self.tableLimit) {
                lines += comparison(verdict, step)
            }
        }
        if history.steps.isEmpty { lines += [StyledText(), rule("no passes")] + listing(c.program) }
        if let kernel { lines += comparison(kernel) }
        return lines + [StyledText()] + StyledText.wrapList(Self.legend, to: width).map { StyledText($0, .faint) }
    }

    // MARK: Sections

    private static let legend =
        "- removed, + added, = kept, L5 jump target, P3 slot 3 of a patch, @7 slot 7 of the input, "
        + "─► jump, ═► call, ━► wrong or expected jump, ✗ wrong"

    private func header(
        _ kernel: KernelVerdict?, _ verdicts: [PatcherVerdict], _ agreeing: [String],
        _ notRun: [(name: String, reason: String)], _ history: CaseHistory
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
        if verdicts.isEmpty, let words = c.sentence ?? c.bucket.map(Bucket.sentence(of:)) { add(words, .faint) }
        if !c.judgingConditions.text.isEmpty { add("conditions: \(c.judgingConditions.text)", .faint) }
        if let comment = c.comment {
            lines.append(StyledText())
            // Paragraphs are wrapped again; an empty line ends a paragraph.
            for paragraph in comment.split(separator: "\n\n") {
                add(paragraph.split(separator: "\n").joined(separator: " "), .plain)
                lines.append(StyledText())
            }
        }
        for line in kernel?.lines ?? [] {
            let words = line.drop { $0 == " " }
            let indentation = line.count - words.count
            // Continuation lines are indented further. Blanks inside a short line are kept.
            var text = StyledText(line, .wrong)
            if text.count <= width {
                lines.append(text)
            } else {
                for (number, part) in StyledText.wrap(String(words), to: width - indentation - 2).enumerated() {
                    text = StyledText(String(repeating: " ", count: indentation + (number > 0 ? 2 : 0)) + part, .wrong)
                    lines.append(text)
                }
            }
        }
        for death in deaths {
            add("✗ \(death.target): \(death.rule.rawValue): \(death.detail)", .wrong, indentation: 2)
        }
        for verdict in verdicts {
            let finding = verdict.finding
            let pass = c.passes.count > 1 ? ", pass \(finding.pass + 1)" : ""
            add("✗ \(finding.target)\(pass): \(finding.sentence)", .wrong, indentation: 2)
            for words in StyledText.wrap("\(finding.rule.rawValue): \(finding.detail)", to: width - 2) {
                lines.append(StyledText("  " + words, .wrong))
            }
        }
        // A kernel case without passes runs no patcher. With passes, the words must not seem to be about the kernel.
        if !agreeing.isEmpty && (c.loading == nil || !history.steps.isEmpty) {
            let isBuiltIn = agreeing.allSatisfy { name in PatcherChoice.builtIn.contains { $0.name == name } }
            let group = isBuiltIn ? "the built-in patchers" : "these patchers"
            let words = c.loading == nil ? "correct" : "\(group) are correct"
            add("✓ \(words): \(agreeing.joined(separator: ", "))", .right, indentation: 2)
        }
        addNotRun(notRun, to: &lines)
        if let difference = expectationFault(history) { add("✗ \(difference)", .wrong, indentation: 2) }
        for line in c.report?.split(separator: "\n", omittingEmptySubsequences: false) ?? [] {
            add(String(line), .faint, indentation: 2)
        }
        return lines
    }

    /// Adds the patchers that ran no pass, one line for each reason.
    private func addNotRun(_ notRun: [(name: String, reason: String)], to lines: inout [StyledText]) {
        var reasons: [(reason: String, names: [String])] = []
        for (name, reason) in notRun {
            if let number = reasons.firstIndex(where: { $0.reason == reason }) {
                reasons[number].names.append(name)
            } else {
                reasons.append((reason, [name]))
            }
        }
        for (reason, names) in reasons where reason != SkipReason.noPass || c.loading == nil {
            let words =
                SkipReason.isOfCase(reason)
                ? "not run: \(reason)" : "not run: \(names.joined(separator: ", ")) \(reason)"
            for (number, part) in StyledText.wrap("– " + words, to: width - 2).enumerated() {
                lines.append(StyledText((number > 0 ? "  " : "") + part, .faint))
            }
        }
    }

    /// The first difference between the outcome in the case and the correct one, in words; `nil` if there is none.
    private func expectationFault(_ history: CaseHistory) -> String? {
        c.expected.flatMap { ExpectationDifference.words(between: $0, and: history.outcome(of: c)) }
    }

    /// The first difference between the outcome in the case and the correct one, in words; `nil` if there is none.
    ///
    /// - Throws: the program's fault if it is ill formed
    package func expectationFault() throws(ProgramFault) -> String? { expectationFault(try CaseHistory(c, oracle)) }

    /// A heading over the whole width.
    private func rule(_ title: String) -> StyledText {
        var line = StyledText("── \(title) ", .heading)
        line.cut(to: width)
        while line.count < width { line.append("─", .faint) }
        return line
    }

    private func section(_ step: CaseHistory.Step, _ number: Int, hasAux: Bool) -> [StyledText] {
        var title = "pass \(number + 1) of \(c.passes.count): \(CountText.of(step.pass.edits.count, "edit")), "
        title += "\(CountText.grouped(step.input.insns.count)) slots"
        if let result = step.result { title += " → \(CountText.grouped(result.insns.count))" }
        var lines = [StyledText(), rule(title)]
        if let refusal = step.refusal {
            for words in StyledText.wrap("✗ refused with \(refusal)", to: width) {
                lines.append(StyledText(words, .heading))
            }
        }
        let input = Listing("input", step.input, namesMaps: c.loading != nil)
        let result = step.result.map { Listing("result", $0, namesMaps: c.loading != nil) }
        let rows = PassLayout(step.pass, input: input, result: result, refusal: step).rows
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

    /// The kernel's result beside the correct one, or alone if the correct one is unknown.
    private func comparison(_ kernel: KernelVerdict) -> [StyledText] {
        guard let given = kernel.given, !given.insns.isEmpty else { return [] }
        let target = "the kernel"
        guard let expected = kernel.expected else {
            return [StyledText(), rule("\(target) gives")] + listing(given, kernel.mark)
        }
        let compared = ResultComparison(
            expected: expected, actual: given, target: target, mark: kernel.mark, namesMaps: true)
        let rows = RowFolding.fold(compared.rows, left: compared.expected, right: compared.actual, jumps: false)
        let table = PictureTable(
            left: compared.expected, right: compared.actual, rightTitle: compared.actual.title, rows: rows,
            hasMiddle: false, showsAux: false, linesMatter: compared.hasLineFault)
        let title = "\(kernel.name): " + (c.bucket.flatMap(Bucket.rule(of:))?.rawValue ?? "wrong")
        return [StyledText(), rule(title)] + table.lines(width: width)
    }

    /// A single program.
    ///
    /// - Parameter mark: a wrong slot, and the note below it
    private func listing(_ program: Program, _ mark: (slot: Int, words: String)? = nil) -> [StyledText] {
        let listing = Listing("", program, namesMaps: c.loading != nil)
        var rows = listing.isStart.indices.filter { listing.isStart[$0] }.map { PictureRow(PictureEntry(.slot($0))) }
        if let mark, let row = rows.firstIndex(where: { $0.left?.slot == mark.slot }) {
            rows[row].left?.tone = .wrong
            rows[row].left?.sign = "✗"
            rows[row].interest = 3
            var note = PictureRow(PictureEntry(.note("✗ " + mark.words), .wrong))
            note.interest = 3
            rows.insert(note, at: row + 1)
        }
        let table = PictureTable(
            left: listing, right: nil, rightTitle: "",
            rows: RowFolding.fold(
                PassLayout.withHeaders(rows, left: listing, right: nil), left: listing, right: nil, jumps: true),
            hasMiddle: false, showsAux: hasWords(program.aux))
        return table.single(width)
    }

    private func hasWords(_ aux: [UInt32]) -> Bool { aux.contains { $0 != 0 } }
}
