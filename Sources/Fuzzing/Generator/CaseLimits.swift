import BPF
import Patching

/// The limits of generated passes, derived from the capabilities of one patcher.
///
/// A patcher with few capabilities would skip nearly every random pass, so passes are generated within its limits. It
/// skips passes that still exceed them. Cases cycle through the limits of all patchers: each case is generated for one
/// of them, and the others run the passes that they support.
package struct CaseLimits: Hashable, Sendable {
    /// The capabilities of the patcher.
    package var capabilities: PatcherCapabilities
    /// The kernel whose contract the passes must respect, or `nil`.
    package var kernel: KernelFunctions?

    /// Makes limits; by default there are none.
    package init(capabilities: PatcherCapabilities = .everything, kernel: KernelFunctions? = nil) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    /// The limits of one patcher from outside.
    ///
    /// - Parameter beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
    package init(
        of capabilities: PatcherCapabilities, _ kernel: KernelFunctions?, beyondContract: Bool = false
    ) {
        if beyondContract && kernel != nil {
            self.init()
        } else {
            self.init(capabilities: capabilities.intersection(Self.relevant), kernel: kernel)
        }
    }

    /// The distinct limits of some patchers, in the order of the patchers. Cases cycle through them.
    ///
    /// Built-in patchers have no limits.
    ///
    /// - Parameter beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
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

    /// Returns true if both limits lead to the same cases.
    ///
    /// - Complexity: O(1), all codes of instructions
    package func makesSameCases(as other: CaseLimits) -> Bool {
        if capabilities.intersection(Self.relevant) != other.capabilities.intersection(Self.relevant) { return false }
        guard let kernel, let otherKernel = other.kernel else { return kernel == nil && other.kernel == nil }
        return (UInt8.min ... .max).allSatisfy {
            KernelCodes.isDefined($0, in: kernel) == KernelCodes.isDefined($0, in: otherKernel)
        }
    }

    /// The capabilities that matter for passes; the others concern results.
    private static var relevant: PatcherCapabilities {
        [.delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget, .refuses]
    }

    /// True if every edit is allowed.
    var allowsAllEdits: Bool {
        capabilities.isSuperset(of: [.delete, .insert, .range, .skipJumps, .keepJump, .refs])
    }

    /// Returns true if an edit is allowed, apart from the targets of jumps.
    func allow(_ edit: EditRecord, in input: ProgramImage<InputIndex>) -> Bool {
        if edit.isDeletion { return allow(.delete) }
        if edit.isInsertion && !allow(.insert) { return false }
        if edit.remove > 1 && !allow(.range) { return false }
        if edit.skip && !allow(.skipJumps) { return false }
        if edit.refCount > 0 && !allow(.refs) { return false }
        return unsafe edit.keep == EditRecord.noKeep || allow(.keepJump) || input.insns[edit.off].jumpKind == .none
    }

    /// Returns true if a capability may be demanded.
    func allow(_ capability: PatcherCapabilities) -> Bool { capabilities.contains(capability) }

    /// True if code may be appended.
    var allowsAppends: Bool { allow(.insert) && kernel == nil }
    /// True if deleted ranges may contain jump targets and subprogram starts past their first slot.
    var allowsDeadTargets: Bool { allow(.deadTarget) && kernel == nil }
    /// True if passes may be refused because of a jump.
    var allowsRefusals: Bool { allow(.refuses) && kernel == nil }
}
