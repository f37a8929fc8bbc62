import Campaign
import Fuzzing

/// Shows on standard error how far a minimization has come, and ends it when an interrupt comes.
final class MinimizeDisplay {
    private var status = StatusLine()
    private var text = ""

    /// Watches an examiner.
    init(_ examiner: any FindingTriage) {
        examiner.isLate = { [unowned self] in
            if !text.isEmpty { status.showIfDue(text) }
            return Interrupt.isRequested
        }
        examiner.progress = { [unowned self] in text = Self.text(of: $0) }
    }

    /// Shows that a case is being minimized.
    func begin(_ bucket: String, _ c: Case) { text = "minimizing \(bucket)" }

    /// Takes the display away.
    func end() {
        text = ""
        status.clear()
    }

    /// How far a minimization has come, in one line.
    static func text(of progress: MinimizerProgress) -> String {
        let size = progress.size
        return "minimizing: \(CountText.of(size.insns, "slot")), \(CountText.of(size.edits, "edit")) after "
            + "\(CountText.of(progress.runs, "candidate"))  [\(progress.reducer)]"
    }
}
