import Fuzzing
import LinuxBPF

/// A refusal in which the verifier reports a bug of its own.
///
/// - Source: `include/linux/bpf_verifier.h`, `verifier_bug`
struct VerifierBug {
    /// The verifier's message up to its first number.
    let text: String
    let finding: Finding

    /// `nil` for a refusal because of a fault of the program.
    init?(_ refusal: LoadRefusal) {
        guard refusal.isVerifierBug else { return nil }
        text = String(refusal.text.prefix { !$0.isNumber })
        let words = text.lowercased().split { !$0.isASCII || !$0.isLetter }.filter { $0 != "verifier" && $0 != "bug" }
        finding = Finding(
            target: Finding.kernelTarget, rule: .error, insn: "verifier-bug",
            edit: words.isEmpty ? "none" : words.joined(separator: "-"), pass: 0, place: 0, detail: refusal.text)
    }
}
