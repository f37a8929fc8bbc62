import Campaign
import Fuzzing

/// Shows the progress of a minimization on standard error, and ends it on an interrupt.
final class MinimizeDisplay {
    private var status = StatusLine()
    private var text = ""

    /// Watches a triage.
    init(_ triage: any FindingTriage) {
        triage.isLate = { [unowned self] in
            if !text.isEmpty { status.showIfDue(text) }
            return Interrupt.isRequested
        }
        triage.progress = { [unowned self] in text = Self.text(of: $0) }
    }

    /// Shows that a case is being minimized.
    func begin(_ bucket: String, _ c: Case) { text = "minimizing \(bucket)" }

    /// Removes the display.
    func end() {
        text = ""
        status.clear()
    }

    /// The progress of a minimization in one line.
    static func text(of progress: MinimizerProgress) -> String {
        let size = progress.size
        return "minimizing: \(CountText.of(size.insns, "slot")), \(CountText.of(size.edits, "edit")) after "
            + "\(CountText.of(progress.runs, "candidate"))  [\(progress.reducer)]"
    }
}
