import Fuzzing
import LinuxBPF

extension KernelComplaint {
    /// The complaint as a finding against the program that was being loaded.
    var finding: Finding {
        Finding(
            target: Finding.kernelTarget, rule: .kernelLog, insn: kind.rawValue, edit: place, pass: 0, place: 0,
            detail: line)
    }

    /// True if loading the program again cannot damage the kernel.
    static func isSafeToRepeat(_ bucket: String) -> Bool {
        guard let bucket = Bucket(bucket), bucket.rule == .kernelLog else { return true }
        return [Kind.warning, .verifierBug, .ubsan, .taint].contains { $0.rawValue == bucket.insn }
    }
}

extension Finding {
    /// The finding with a complaint of the kernel about the same load.
    func noting(_ complaint: KernelComplaint) -> Finding {
        var finding = self
        finding.detail += "; the kernel's log: \(complaint.line)"
        return finding
    }
}
