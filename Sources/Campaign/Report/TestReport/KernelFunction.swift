import Fuzzing

/// The kernel function that makes a kind of edit: the place to start to read, for a finding against a kernel.
///
/// - Source: Linux 6.12, `kernel/bpf/verifier.c`, `core.c` and `syscall.c`
enum KernelFunction {
    /// The file and the function for a bucket; `nil` for a bucket of another target or of another form.
    static func place(ofBucket text: String) -> (file: String, function: String)? {
        guard let bucket = Bucket(text), bucket.target.hasPrefix(Finding.kernelTarget) else { return nil }
        if bucket.rule == .encoding { return ("kernel/bpf/syscall.c", "bpf_insn_prepare_dump") }
        switch EditKind(rawValue: bucket.edit) {
        case .blinding: return ("kernel/bpf/core.c", "bpf_jit_blind_constants")
        case .testFlag: return ("kernel/bpf/verifier.c", "opt_subreg_zext_lo32_rnd_hi32")
        case .delete, .missing, .left: return ("kernel/bpf/verifier.c", "verifier_remove_insns")
        case .patch, .replace, .keep, .insert, .insertSkip, .append:
            return ("kernel/bpf/verifier.c", "bpf_patch_insn_data")
        default: return ("kernel/bpf/verifier.c", "bpf_check")
        }
    }
}
