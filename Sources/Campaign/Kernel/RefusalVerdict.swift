import BPF
import Fuzzing
import Glibc
import KernelModel
import KernelRewrites
import LinuxBPF

/// The judgement of a kernel's refusal to load a program.
enum RefusalVerdict {
    /// The verifier reports a bug of its own.
    case verifierBug(Finding)
    /// The program exceeds a range or limit of the kernel, which this very program predicts.
    case predicted
    /// The verifier gave up. Some valid programs are too complex for it, but not many: see ``RefusalCounter``.
    case tooComplex(Finding)
    /// A program that is valid by construction is refused.
    case unexpected(Finding)

    /// Judges the refusal of a program that is valid by construction.
    ///
    /// - Parameter live: for each slot, true if the verifier saw it; `nil` if that is not known
    init(_ refusal: LoadRefusal, of program: LoadableProgram, live: [Bool]?) {
        if let bug = VerifierBug(refusal, of: program, live: live) {
            self = .verifierBug(bug.finding)
        } else if Self.isOutOfRange(refusal) && program.program.insns.count > Self.longest {
            self = .predicted
        } else {
            let finding = Self.finding(refusal)
            self = Self.complexity.contains { refusal.text.hasPrefix($0) } ? .tooComplex(finding) : .unexpected(finding)
        }
    }

    /// The finding of a refusal, unless the program explains it or too few are refused for its reason.
    var finding: Finding? {
        switch self {
        case .verifierBug(let finding), .unexpected(let finding): finding
        case .predicted, .tooComplex: nil
        }
    }

    /// The refusal of a patch, after which a jump would not reach its target.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `bpf_patch_insn_data`
    private static func isOutOfRange(_ refusal: LoadRefusal) -> Bool {
        refusal.reason.hasSuffix(rangeWords)
    }

    /// The end of the line about a patch after which a jump would not reach its target.
    static let rangeWords = "cannot be patched due to N-bit range"

    /// Shorter programs do not grow beyond the range of 16 bits.
    ///
    /// - Units: slots
    private static let longest = 30_000

    /// The starts of the lines with which the verifier gives up.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_check`, `push_stack`, `push_jmp_history`, `check_max_stack_depth`
    private static let complexity = [
        "BPF program is too large", LoadRefusal.tooManyInstructions, "The sequence of ", "combined stack size of ",
        "infinite loop detected",
    ]

    private static func finding(_ refusal: LoadRefusal) -> Finding {
        let words = VerifierBug.words(of: refusal.reason)
        return Finding(
            target: Finding.kernelTarget, rule: .error,
            insn: "accepted-became-" + (ErrorName.name(of: refusal.code)?.lowercased() ?? "unknown"),
            edit: words.isEmpty ? "none" : words, pass: 0, place: 0, detail: refusal.text)
    }
}

/// Counts refusals with which the verifier gives up, in one block of cases.
///
/// Up to 0.4 % of the generated programs are too complex for the verifier of a kernel without a known fault: less than
/// one in a block of 128. Ten in a block have a probability below 10⁻⁹, so they show a fault. The count per block does
/// not depend on the number of workers.
struct RefusalCounter {
    /// The number of refusals for one reason in a block that is a finding.
    static let most = 10
    private var counts: [String: Int] = [:]

    /// Counts a refusal.
    ///
    /// - Returns: the finding, for the last one that is too many
    mutating func add(_ finding: Finding) -> Finding? {
        counts[finding.bucket, default: 0] += 1
        return counts[finding.bucket] == Self.most ? finding : nil
    }
}

/// The names of errors.
enum ErrorName {
    /// The name of an `errno`, as `EINVAL`; `nil` for an uncommon one.
    static func name(of code: Int32) -> String? {
        let names: [Int32: String] = [
            EPERM: "EPERM", ENOENT: "ENOENT", E2BIG: "E2BIG", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES",
            EFAULT: "EFAULT", EBUSY: "EBUSY", EINVAL: "EINVAL", ENOSPC: "ENOSPC", ERANGE: "ERANGE",
            EOPNOTSUPP: "EOPNOTSUPP", EBADF: "EBADF", EPROTO: "EPROTO", EMSGSIZE: "EMSGSIZE",
            ELOOP: "ELOOP", ENODEV: "ENODEV", EEXIST: "EEXIST", EIO: "EIO", 524: "ENOTSUPP",
        ]
        return names[code]
    }
}
