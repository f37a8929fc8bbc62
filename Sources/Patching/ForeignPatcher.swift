import BPF

/// A patcher from outside this package, such as a plug-in. Its code is untrusted.
public protocol ForeignPatcher: Patcher {
    /// The violation in the last call.
    ///
    /// Never `nil` after ``PatchStatus/unusable``. After another status, it reports that the same pass had another
    /// result before.
    var violation: PatcherViolation? { get }

    /// The kernel whose functions it is built from, or `nil`.
    ///
    /// A patcher built from kernel functions must follow the rules only where their assumptions hold.
    ///
    /// - Source: SEMANTICS, "What the kernel's own functions assume"
    var kernel: KernelFunctions? { get }

    /// Makes allocations fail in the passes that follow, until the next call; `nil` for the patcher's own options.
    ///
    /// Only patchers built from kernel functions do so.
    func setFailures(_ failures: AllocationFailures?)

    /// Chooses the pass of the kernel that the following calls run.
    ///
    /// - Parameter pass: one of ``KernelFunctions/passes``
    func choose(_ pass: KernelPass)

    /// Carries out one pass and measures the call alone, without the conversion of arguments and result.
    ///
    /// - Parameter clock: returns the time in seconds
    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double)
}

/// A violation of the patcher interface, in the words of a finding.
public struct PatcherViolation: Hashable, Sendable {
    /// The kinds of violations, which are found before the result is compared.
    public enum Rule: Hashable, Sendable {
        /// It wrote outside of its result.
        case wildWrite
        /// It returned an undefined status.
        case badStatus
        /// It returned two results for the same pass.
        case unsteady
        /// It returned an error that no rule requires. ``words`` is the name of the error.
        case otherError
        /// It reported damage by a kernel function: a changed program after an error, a stale table or a memory leak.
        case damage
    }

    public var rule: Rule
    /// The violation, in words for a bucket.
    public var words: String
    /// The violation, with numbers.
    public var detail: String

    public init(_ rule: Rule, _ words: String, _ detail: String) {
        self.rule = rule
        self.words = words
        self.detail = detail
    }
}

extension PatcherViolation {
    /// The violation of a patcher that returned two results for one pass, or `nil` if they are equal.
    ///
    /// - Parameter capabilities: those of the patcher; parts of the result that it does not fill in are not compared
    /// - Complexity: O(slots + subprograms + lines)
    public static func difference(
        between old: ProgramImage<OutputIndex>, and new: ProgramImage<OutputIndex>,
        for capabilities: PatcherCapabilities
    ) -> PatcherViolation? {
        let part: String
        if unsafe old.insnCount != new.insnCount || !old.insns.hasSameBytes(as: new.insns, count: old.insnCount) {
            part = "insns"
        } else if unsafe capabilities.contains(.aux) && !old.aux.hasSameBytes(as: new.aux, count: old.insnCount) {
            part = "aux"
        } else if unsafe old.subprogramCount != new.subprogramCount
            || !old.subprograms.hasSameBytes(as: new.subprograms, count: old.subprogramCount)
        {
            part = "subprogs"
        } else if unsafe old.lineCount != new.lineCount || !old.lines.hasSameBytes(as: new.lines, count: old.lineCount)
        {
            part = "lines"
        } else {
            return nil
        }
        return PatcherViolation(.unsteady, part, "a second run of the pass returned other \(part)")
    }
}

extension ForeignPatcher {
    public func setFailures(_ failures: AllocationFailures?) {}
    public func choose(_ pass: KernelPass) {}
}

/// Failing allocations in a patcher built from kernel functions.
public struct AllocationFailures: Hashable, Sendable {
    /// One allocation in this many fails.
    public var oneIn: UInt32
    /// The number that chooses them, the same in each pass.
    public var seed: UInt64

    public init(oneIn: UInt32, seed: UInt64) {
        self.oneIn = oneIn
        self.seed = seed
    }
}

/// The kernel whose functions a patcher is built from.
public struct KernelFunctions: Hashable, Sendable, Codable {
    public var release: KernelVersion
    /// True if the functions support `gotol`.
    public var knowsGotol: Bool
    /// True if the functions support `gotox`.
    public var knowsGotox: Bool
    /// The maximum number of subprograms.
    public var maxSubprograms: Int
    /// The passes of the kernel that it runs; empty for a patcher that carries out any edits.
    public var passes: [KernelPass]

    public init(
        _ release: KernelVersion, knowsGotol: Bool = true, knowsGotox: Bool = true, maxSubprograms: Int = .max,
        passes: [KernelPass] = []
    ) {
        self.release = release
        self.knowsGotol = knowsGotol
        self.knowsGotox = knowsGotox
        self.maxSubprograms = maxSubprograms
        self.passes = passes
    }
}
