import Patching

/// What random passes may demand of the patchers that they are made for.
///
/// Nearly every random pass has something that a patcher with few capabilities cannot do; so for such patchers passes are
/// made within their limits. What still goes beyond these is spared by the trial.
public struct CaseLimits: Hashable, Sendable {
    /// What some patcher can do.
    public var capabilities: PatcherCapabilities
    /// The kernel whose functions all patchers are made of, if they are held to what these assume, or `nil`.
    public var kernel: KernelFunctions?

    /// Makes limits; those that are none by default.
    public init(capabilities: PatcherCapabilities = .everything, kernel: KernelFunctions? = nil) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    /// The limits of some patchers together; one that is not from outside lifts them all.
    ///
    /// - Parameter beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    public init(of patchers: [any Patcher], beyondContract: Bool = false) {
        let foreign = patchers.compactMap { $0 as? any ForeignPatcher }
        self.init(
            ofPlugins: foreign.count < patchers.count ? [] : foreign.map { ($0.capabilities, $0.kernel) },
            beyondContract: beyondContract)
    }

    /// The limits of some patchers from outside together: what none of them is given need not be made.
    ///
    /// - Parameters:
    ///   - plugins: what each can do, and the kernel whose functions it is made of
    ///   - beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    public init(
        ofPlugins plugins: [(capabilities: PatcherCapabilities, kernel: KernelFunctions?)], beyondContract: Bool
    ) {
        self.init()
        let kernels = plugins.compactMap(\.kernel)
        if plugins.isEmpty || (beyondContract && !kernels.isEmpty) { return }
        capabilities = plugins.reduce(PatcherCapabilities()) { $0.union($1.capabilities) }
        // Of several kernels the newest, which knows most codes.
        if kernels.count == plugins.count { kernel = kernels.max { $0.release < $1.release } }
    }

    /// Whether something may be demanded.
    func allow(_ capability: PatcherCapabilities) -> Bool { capabilities.contains(capability) }

    /// Whether code may be put behind the end.
    var allowsAppends: Bool { allow(.insert) && kernel == nil }
    /// Whether what stands may jump into deleted ranges, past their first slot, and whether they may hold starts there.
    var allowsDeadTargets: Bool { allow(.deadTarget) && kernel == nil }
    /// Whether passes may be made to be refused for a jump.
    var allowsRefusals: Bool { allow(.refuses) && kernel == nil }
}
