import BPF
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF

/// A refusal in which the verifier reports a bug of its own.
///
/// - Source: `include/linux/bpf_verifier.h`, `verifier_bug`
struct VerifierBug {
    /// The line of the verifier up to the first number.
    let text: String
    let finding: Finding

    /// Reads a refusal; `nil` for one that is the program's own fault.
    ///
    /// - Parameter live: for each slot, true if the verifier saw it; `nil` if that is not known
    init?(_ refusal: LoadRefusal, of program: LoadableProgram, live: [Bool]?) {
        guard refusal.isVerifierBug else { return nil }
        text = String(refusal.text.prefix { !$0.isNumber })
        let words = Self.words(of: text, without: ["verifier", "bug"])
        var bucket = Bucket(
            target: Finding.kernelTarget, rule: .error, insn: VerifierBugWord.plain,
            edit: words.isEmpty ? "none" : words)
        let slots = program.program.insns.count
        let live = live.flatMap { $0.count == slots ? $0 : nil } ?? Array(repeating: true, count: slots)
        if RefusalPrediction(program, live: live).predicts(bucket.text) == false {
            bucket.insn = VerifierBugWord.unexplained
        }
        finding = Finding(
            target: bucket.target, rule: bucket.rule, insn: bucket.insn, edit: bucket.edit, pass: 0, place: 0,
            detail: refusal.text)
    }

    /// The words of a line in a bucket: lower case, joined by hyphens, at most eight.
    static func words(of line: String, without left: Set<String> = []) -> String {
        let words = line.lowercased().split { !$0.isASCII || !$0.isLetter }.map(String.init)
        // A number is `N` in a reason.
        return words.filter { !left.contains($0) && $0 != "n" }.prefix(8).joined(separator: "-")
    }
}
