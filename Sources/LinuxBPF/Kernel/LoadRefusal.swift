import Glibc

/// The reason why a program was not loaded.
package struct LoadRefusal: Error, Hashable, Sendable {
    /// The `errno` of the load.
    package var code: Int32
    /// The line of the verifier's log with the reason, or the error in words if there is no log.
    package var text: String
    /// True if no program is to blame: see ``KernelError/isOfEnvironment``.
    package private(set) var isOfEnvironment = false

    package init(code: Int32, text: String) {
        self.code = code
        self.text = text
    }

    /// The text of a refusal after the verifier's limit of instructions, if it wrote no line.
    package static let tooManyInstructions = "the verifier looks at no more than a million instructions"

    /// Makes a refusal of an error of another call.
    package init(_ error: KernelError) {
        self.init(code: error.code, text: error.description)
        isOfEnvironment = error.isOfEnvironment
    }

    /// True if the kernel reports a fault of its own, so that the program is not to blame.
    ///
    /// Older kernels write some of these lines to the console only. `EFAULT` then shows the fault, since all memory
    /// that a load passes is readable.
    ///
    /// - Source: `include/linux/bpf_verifier.h`, `verifier_bug`, since 6.16; 6.12 `kernel/bpf/verifier.c`: "verifier
    ///   internal error", "bpf verifier is misconfigured", "BUG regs", and `jit_subprogs`, which only warns
    package var isVerifierBug: Bool { code == EFAULT || Self.namesVerifierBug(text) }

    /// True if a line of the log reports a fault of the verifier.
    static func namesVerifierBug(_ line: some StringProtocol) -> Bool {
        line.hasPrefix("BUG ") || line.hasPrefix("BUG: ") || line.hasPrefix("bug: ")
            || ["verifier bug", "verifier BUG", "verifier internal error", "misconfigured", "history bug"].contains {
                line.contains($0)
            }
    }

    /// The text with `N` for each number, to count refusals of one kind.
    ///
    /// - Complexity: O(text)
    package var reason: String {
        var reason = ""
        var number = Substring()
        for character in text {
            let isDigit = character.isASCII && (character.isNumber || number.hasPrefix("0x") && character.isHexDigit)
            if isDigit || number == "0" && character == "x" {
                if number.isEmpty {
                    if reason.last == "-" { reason.removeLast() }
                    reason += "N"
                }
                number.append(character)
            } else {
                reason.append(character)
                number = ""
            }
        }
        return reason
    }
}

extension LoadRefusal: CustomStringConvertible {
    /// The text and the error in words.
    package var description: String { "\(text) (\(LibbpfLog.words(for: code)))" }
}
