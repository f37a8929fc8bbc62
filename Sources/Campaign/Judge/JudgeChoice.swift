import Fuzzing
import LinuxBPF

/// The target that judges a case from a file, for `replay`, `minimize` and `show`.
///
/// The cases of a campaign are judged by its own target.
package struct JudgeChoice: Sendable {
    /// The patchers of the command line, or the default ones.
    package var patchers: [PatcherChoice]
    /// True if no patcher is named on the command line.
    package var isDefault: Bool
    package var oracleOptions: OracleOptions
    package var budget: CaseBudget
    /// True if the programs of kernel cases are also run, where the case permits it.
    package var isExecuting: Bool
    /// A fault to inject into the running kernel's results, or `nil`.
    package var injectedFault: InjectedKernelFault?

    package init(
        _ patchers: [PatcherChoice], isDefault: Bool, oracleOptions: OracleOptions = OracleOptions(),
        budget: CaseBudget = CaseBudget(), isExecuting: Bool = false, injectedFault: InjectedKernelFault? = nil
    ) {
        self.patchers = patchers
        self.isDefault = isDefault
        self.oracleOptions = oracleOptions
        self.budget = budget
        self.isExecuting = isExecuting
        self.injectedFault = injectedFault
    }

    /// The patchers for a case, under the conditions that it names.
    ///
    /// A case that was found with a planted fault is judged by the patcher with that fault, unless patchers are named.
    package func patchers(for c: Case) -> PatcherTarget {
        let planted = isDefault ? PatcherChoice.planted.first { $0.name == c.target } : nil
        return PatcherTarget(
            planted.map { [$0] } ?? patchers, oracleOptions: oracleOptions.applying(to: c), budget: budget)
    }

    /// The patcher that a case was found with, unless the command line names others.
    package func ownPatcher(for c: Case) -> PatcherTarget {
        var target = patchers(for: c)
        let canChoose = isDefault || patchers.allSatisfy { $0.plugin != nil }
        if canChoose, let own = target.patchers.first(where: { $0.name == c.target }) { target.patchers = [own] }
        return target
    }

    /// The running kernel.
    ///
    /// - Throws: ``LinuxBPF/KernelError`` if this process may not load programs
    package func kernel() throws(KernelError) -> KernelTarget {
        KernelTarget(isExecuting: isExecuting, injectedFault: injectedFault, facts: try RunningKernel().facts)
    }

    /// The target that minimizes a case: the running kernel for a kernel case, unless patchers are named.
    ///
    /// - Throws: ``LinuxBPF/KernelError`` if the case needs the kernel and this process may not load programs
    package func target(for c: Case) throws(KernelError) -> CampaignTarget {
        usesKernel(for: c) ? .kernel(try kernel()) : .patchers(ownPatcher(for: c))
    }

    /// Returns true if ``target(for:)`` is the running kernel.
    package func usesKernel(for c: Case) -> Bool { c.loading != nil && isDefault }

    /// The patcher that a case was found with if it does not run the case, else `nil`.
    package func missingPatcher(of c: Case) -> String? {
        guard let target = c.target,
            ![Finding.oracleTarget, Finding.passCheckTarget, Finding.kernelTarget].contains(target),
            !patchers(for: c).patchers.contains(where: { $0.name == target })
        else { return nil }
        return target
    }
}
