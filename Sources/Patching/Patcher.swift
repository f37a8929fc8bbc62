import BPF

/// The outcome of a pass.
///
/// - Source: SEMANTICS, "Errors"
@frozen
public enum PatchStatus: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// The result is in the output.
    case accepted
    /// `EINVAL`: the pass is malformed, or a jump has no target in the result.
    case einval
    /// `ERANGE`: an offset does not fit its 16 bits.
    case erange
    /// A patcher from outside broke its interface; see ``ForeignPatcher/violation``. The rules never require this
    /// status.
    case unusable

    /// The name of the error in files, or `nil`.
    public var errorName: String? {
        switch self {
        case .accepted, .unusable: nil
        case .einval: "EINVAL"
        case .erange: "ERANGE"
        }
    }
}

/// An implementation of edit passes.
///
/// A patcher is made once and keeps its workspace for the whole run. It must not be used from two threads.
public protocol Patcher: AnyObject {
    /// The name of the design on the command line and in buckets.
    var name: String { get }

    /// The supported forms of edits and parts of results. Default: ``PatcherCapabilities/everything``.
    ///
    /// The output must have room for all parts of the result, even for those that the patcher does not fill in.
    var capabilities: PatcherCapabilities { get }

    /// Carries out one pass.
    ///
    /// - Parameters:
    ///   - pass: edits that ``PassCheck`` found well formed for this input
    ///   - input: a well-formed program; never written
    ///   - output: the buffer for the result; undefined if the pass is refused
    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus
}

extension Patcher {
    public var capabilities: PatcherCapabilities { .everything }

    /// True if it adjusts jumps after each edit.
    public var isStepwise: Bool { capabilities.contains(.stepwise) }
}

/// A patcher that carries out several passes on its own form of a program, and lays the program out once at the end.
public protocol ScriptPatcher: Patcher {
    /// Converts a program, before any pass.
    func begin(_ input: ProgramImage<InputIndex>)

    /// Carries out one pass in the coordinates of the result so far.
    ///
    /// Returns `accepted` or `einval`; ``finish(into:)`` checks offsets.
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
