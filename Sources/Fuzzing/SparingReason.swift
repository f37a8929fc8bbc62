import Patching

/// Why a patcher is not given a case, in words.
package enum SparingReason {
    /// The pass check refuses such a pass, and no patcher is given it.
    package static let malformed = "its pass is malformed, which the rules refuse before a patcher is given it"
    /// There is nothing to be given.
    package static let noPass = "it has no pass for a patcher"

    /// True if a reason is one of the case, for all patchers, rather than one of a patcher.
    package static func isOfCase(_ reason: String) -> Bool { reason == malformed || reason == noPass }

    /// What a patcher cannot do, after its name.
    ///
    /// - Parameter missing: the demands of the pass that it cannot meet; empty when its kernel does not know an instruction
    static func text(_ missing: PatcherCapabilities) -> String {
        if missing.isEmpty { return "is not given what its kernel does not define" }
        if missing.contains(.outsideContract) {
            return "is not given what the kernel's functions do not assume, unless --beyond-contract says so"
        }
        // One ability a case, so that reasons can be counted.
        if let name = missing.subtracting([.refuses, .stepwise]).names.first { return "cannot do " + name }
        return missing.contains(.refuses)
            ? "cannot return EINVAL"
            : "adjusts jumps after each edit, and some of the edits are EINVAL without the rest"
    }
}
