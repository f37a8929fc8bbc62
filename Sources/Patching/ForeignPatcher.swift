import BPF

/// A patcher whose code comes from outside of this package, which may do anything in place of giving an answer.
public protocol ForeignPatcher: Patcher {
    /// What was wrong with the last answer: always when that was ``PatchStatus/unusable``, and beside an answer that can be
    /// used when another was given to the same pass.
    var misconduct: PatcherViolation? { get }

    /// The kernel whose functions it is made of, or `nil`.
    ///
    /// A patcher made of the kernel's functions is held to what these assume, and no more.
    ///
    /// - Source: SEMANTICS, "What the kernel's own functions assume"
    var kernel: KernelFunctions? { get }

    /// Carries out one pass and takes the time of that alone, without what it takes to hand it over and back.
    ///
    /// - Parameter clock: gives the time in seconds
    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double)
}

/// Why an answer of a patcher cannot be used, in the words of a finding.
public struct PatcherViolation: Hashable, Sendable {
    /// What a patcher can do wrong before its result is looked at.
    public enum Rule: Hashable, Sendable {
        /// It wrote where nothing of its result belongs.
        case wildWrite
        /// It returned what no patcher may return.
        case badStatus
        /// It answered the same pass in two ways.
        case unsteady
        /// It returned an error that the rules never give; the words are the error's name.
        case otherError
        /// It says itself that something is broken.
        case damage
    }

    public var rule: Rule
    /// What it did, in words for a bucket.
    public var words: String
    /// What it did, in words with numbers.
    public var detail: String

    public init(_ rule: Rule, _ words: String, _ detail: String) {
        self.rule = rule
        self.words = words
        self.detail = detail
    }
}

extension PatcherViolation {
    /// What is unsteady about a patcher that gave two results for one pass, or `nil` when they are the same.
    ///
    /// - Parameter capabilities: what the patcher can do; a part of the results that it leaves out is not looked at
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
        return PatcherViolation(.unsteady, part, "the same pass again gave other \(part)")
    }
}

/// What is known of the kernel whose functions a patcher is made of.
public struct KernelFunctions: Hashable, Sendable, Codable {
    public var release: KernelRelease
    /// Whether they know `gotol`.
    public var knowsGotol: Bool
    /// Whether they know `gotox`.
    public var knowsGotox: Bool
    /// How many subprograms there is room for.
    public var maxSubprograms: Int

    public init(
        _ release: KernelRelease, knowsGotol: Bool = true, knowsGotox: Bool = true, maxSubprograms: Int = .max
    ) {
        self.release = release
        self.knowsGotol = knowsGotol
        self.knowsGotox = knowsGotox
        self.maxSubprograms = maxSubprograms
    }
}

/// The release of a kernel, as far as it decides which instructions there are.
public struct KernelRelease: Hashable, Comparable, Sendable, Codable {
    public var major: Int
    public var minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads the first two numbers of a release like `6.12.48-rc1`.
    public init?(_ text: String) {
        let words = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, let major = Int(words[0]), let minor = Int(words[1].prefix { $0.isNumber }) else {
            return nil
        }
        self.init(major, minor)
    }

    public static func < (left: KernelRelease, right: KernelRelease) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
