import Glibc

/// Why a program was not loaded.
package struct LoadRefusal: Error, Hashable, Sendable {
    /// The `errno` of the load.
    package var code: Int32
    /// The line of the verifier's log that says why, or the error in words where there is no log.
    package var text: String
    /// Whether no program is to blame: see ``KernelError/isOfEnvironment``.
    package private(set) var isOfEnvironment = false

    package init(code: Int32, text: String) {
        self.code = code
        self.text = text
    }

    /// Makes a refusal of something that the kernel did not do.
    package init(_ error: KernelError) {
        self.init(code: error.code, text: error.description)
        isOfEnvironment = error.isOfEnvironment
    }

    /// Whether the kernel says that it went wrong itself, so that it is no fault of the program.
    ///
    /// Older kernels say some of it on the console alone; `EFAULT` then tells it, since what is handed over is always there.
    ///
    /// - Source: `include/linux/bpf_verifier.h`, `verifier_bug`, since 6.16; before, `verifier internal error`; 6.12
    ///   `kernel/bpf/verifier.c`, `jit_subprogs`, which only warns
    package var isVerifierBug: Bool { code == EFAULT || Self.namesVerifierBug(text) }

    /// Whether a line of the log says so.
    static func namesVerifierBug(_ line: some StringProtocol) -> Bool {
        line.contains("verifier bug") || line.contains("verifier internal error")
            || line.contains("misconfigured verifier")
    }

    /// The text with `N` for each number, so that refusals of one kind can be counted.
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
