import Patching

/// The reason for which a patcher skips a case, in words.
package enum SkipReason {
    /// The pass check refuses such a pass before any patcher runs.
    package static let malformed = "its pass is malformed, and malformed passes are refused before any patcher runs"
    /// The case has no pass.
    package static let noPass = "it has no pass for a patcher"

    /// The patcher runs passes of the kernel, and none of them makes the edits.
    static let otherPass = "runs only the edits that its passes of the kernel make"

    /// Returns true for a reason that holds for all patchers.
    package static func isOfCase(_ reason: String) -> Bool { reason == malformed || reason == noPass }

    /// The predicate of a sentence about a patcher that skips a case.
    ///
    /// - Parameter missing: the demands that it does not support; empty if its kernel does not define an instruction
    static func text(_ missing: PatcherCapabilities) -> String {
        if missing.isEmpty { return "does not run code that its kernel does not define" }
        if missing.contains(.otherPass) { return otherPass }
        if missing.contains(.outsideContract) {
            return "runs passes beyond the kernel's contract only with --beyond-contract"
        }
        // One capability for each case, so that reasons can be counted.
        if let name = missing.subtracting([.refuses, .stepwise]).names.first { return "cannot do " + name }
        return missing.contains(.refuses)
            ? "cannot return EINVAL"
            : "adjusts jumps after each edit, and a prefix of the edits is EINVAL"
    }
}
