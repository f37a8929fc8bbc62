import BPF

/// What became of a pass.
///
/// - Source: SEMANTICS, "Errors"
@frozen
public enum PatchStatus: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// The result is in the output.
    case accepted
    /// `EINVAL`: malformed, or a jump for whose target nothing stands.
    case einval
    /// `ERANGE`: an offset does not fit its 16 bits.
    case erange
    /// The answer of a patcher from outside breaks the rules before its result is looked at; ``ForeignPatcher/misconduct``
    /// says how. The rules themselves never give it.
    case unusable

    /// The name of the error as it stands in files, or `nil`.
    public var errorName: String? {
        switch self {
        case .accepted, .unusable: nil
        case .einval: "EINVAL"
        case .erange: "ERANGE"
        }
    }
}

/// A way to carry out an edit pass.
///
/// A patcher is made once and keeps its workspace for the whole run; it is not used from two threads.
public protocol Patcher: AnyObject {
    /// What the design is called on the command line and in buckets.
    var name: String { get }

    /// What it can do. Default: ``PatcherCapabilities/everything``.
    ///
    /// Where a part of the results is not filled in, the output still needs room for it.
    var capabilities: PatcherCapabilities { get }

    /// Carries out one pass.
    ///
    /// - Parameters:
    ///   - pass: edits that ``PassCheck`` found well formed for this input
    ///   - input: a well-formed program; never written
    ///   - output: where the result goes; holds anything when the pass is refused
    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus
}

extension Patcher {
    public var capabilities: PatcherCapabilities { .everything }

    /// Whether it adjusts jumps after every single edit.
    public var isStepwise: Bool { capabilities.contains(.stepwise) }
}

/// A patcher that can carry several passes on its own form of a program and lay it out once at the end.
public protocol ScriptPatcher: Patcher {
    /// Takes a program in, before any pass.
    func begin(_ input: ProgramImage<InputIndex>)

    /// Carries out one pass in the coordinates of what the passes before it gave.
    ///
    /// Gives `accepted` or `einval`; offsets are looked at in ``finish(into:)``.
    func apply(_ pass: PassImage) -> PatchStatus

    /// Lays the program out.
    func finish(into output: ProgramBuffer) -> PatchStatus
}

extension ScriptPatcher {
    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        begin(input)
        let status = apply(pass)
        return status == .accepted ? finish(into: output) : status
    }
}
