import Patching
import Plugins

/// How patchers from outside are judged, apart from who they are.
public struct JudgingTerms: Hashable, Sendable {
    /// Whether patchers made of the kernel's functions are given what these do not assume.
    public var beyondContract: Bool
    /// One allocation in so many of a plug-in made of the kernel's functions fails; 0 for none.
    public var failAlloc: UInt32

    public init(beyondContract: Bool = false, failAlloc: UInt32 = 0) {
        self.beyondContract = beyondContract
        self.failAlloc = failAlloc
    }

    /// Makes patchers.
    ///
    /// - Parameter checksEveryAnswer: whether plug-ins are asked twice for every pass, as single cases want it
    public func make(_ choices: [PatcherChoice], checksEveryAnswer: Bool = false) -> [any Patcher] {
        choices.map { $0.make(Plugin.Options(checksEveryAnswer: checksEveryAnswer, failAlloc: failAlloc)) }
    }

    /// The words of a command line that set them.
    public var arguments: [String] {
        (beyondContract ? ["--beyond-contract"] : []) + (failAlloc > 0 ? ["--fail-alloc", String(failAlloc)] : [])
    }
}
