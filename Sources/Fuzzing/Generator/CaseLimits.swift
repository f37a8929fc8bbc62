import BPF
import Patching

/// What passes may demand of the patcher that they are made for.
///
/// Nearly every random pass has something that a patcher with few capabilities cannot do; so for such patchers passes are
/// made within their limits. What still goes beyond these is spared by the trial. Patchers of different ability take turns:
/// each case is made for one of them, and the others run the passes of it that they can do.
package struct CaseLimits: Hashable, Sendable {
    /// What the patcher can do.
    package var capabilities: PatcherCapabilities
    /// The kernel whose functions the patcher is made of, if it is held to what these assume, or `nil`.
    package var kernel: KernelFunctions?

    /// Makes limits; those that are none by default.
    package init(capabilities: PatcherCapabilities = .everything, kernel: KernelFunctions? = nil) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    /// The limits of one patcher from outside.
    ///
    /// - Parameter beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    package init(
        of capabilities: PatcherCapabilities, _ kernel: KernelFunctions?, beyondContract: Bool = false
    ) {
        if beyondContract && kernel != nil {
            self.init()
        } else {
            self.init(capabilities: capabilities.intersection(Self.relevant), kernel: kernel)
        }
    }

    /// The limits that take turns, case by case, for some patchers: each once, in the order of the patchers.
    ///
    /// A patcher that is not from outside has none.
    ///
    /// - Parameter beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    package static func turns(of patchers: [any Patcher], beyondContract: Bool = false) -> [CaseLimits] {
        turns(
            patchers.map { patcher in
                (patcher as? any ForeignPatcher).map {
                    CaseLimits(of: $0.capabilities, $0.kernel, beyondContract: beyondContract)
                } ?? CaseLimits()
            })
    }

    /// The same for the limits of single patchers.
    package static func turns(_ limits: [CaseLimits]) -> [CaseLimits] {
        var turns: [CaseLimits] = []
        for one in limits where !turns.contains(where: { $0.makesSameCases(as: one) }) { turns.append(one) }
        return turns.isEmpty ? [CaseLimits()] : turns
    }

    /// Whether cases within these limits are those within the others.
    ///
    /// - Complexity: O(1), all codes of instructions
    private func makesSameCases(as other: CaseLimits) -> Bool {
        if capabilities.intersection(Self.relevant) != other.capabilities.intersection(Self.relevant) { return false }
        guard let kernel, let otherKernel = other.kernel else { return kernel == nil && other.kernel == nil }
        return (UInt8.min ... .max).allSatisfy {
            KernelCodes.isDefined($0, in: kernel) == KernelCodes.isDefined($0, in: otherKernel)
        }
    }

    /// The capabilities that passes are made by; the rest is about results.
    private static var relevant: PatcherCapabilities {
        [.delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget, .refuses]
    }

    /// Whether every edit is allowed.
    var allowsAllEdits: Bool {
        capabilities.isSuperset(of: [.delete, .insert, .range, .skipJumps, .keepJump, .refs])
    }

    /// Whether an edit demands nothing that is not allowed, apart from where jumps lead.
    func allow(_ edit: EditRecord, in input: ProgramImage<InputIndex>) -> Bool {
        if edit.isDeletion { return allow(.delete) }
        if edit.isInsertion && !allow(.insert) { return false }
        if edit.remove > 1 && !allow(.range) { return false }
        if edit.skip && !allow(.skipJumps) { return false }
        if edit.refCount > 0 && !allow(.refs) { return false }
        return unsafe edit.keep == EditRecord.noKeep || allow(.keepJump) || input.insns[edit.off].jumpKind == .none
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
