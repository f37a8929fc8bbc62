import BPF
import Patching

/// Decides which passes a patcher supports, for tools that run one patcher without a ``PatcherComparison``.
package struct CapabilityFilter: ~Copyable {
    /// The result of the last pass by the rules.
    package private(set) var rules = Expectation()

    package init() {}

    /// The capabilities that a well-formed pass demands and a patcher lacks; empty if the patcher gets the pass.
    ///
    /// - Complexity: O(slots + refs × (refs of their edit + subprograms) + lines)
    package mutating func missing(
        from capabilities: PatcherCapabilities, for pass: PassImage, on input: ProgramImage<InputIndex>
    ) -> PatcherCapabilities {
        rules.compute(pass, on: input)
        var demands = PassDemands(pass: pass, input: input, expectation: rules).capabilities()
        let isRefused = rules.status == .einval
        if isRefused { demands.insert(.refuses) }
        var missing = demands.subtracting(capabilities)
        if capabilities.contains(.stepwise)
            && (isRefused || StepwisePrefixes(pass: pass, input: input, expectation: rules).hasRefused())
        {
            missing.insert(.stepwise)
        }
        return missing
    }
}

extension CapabilityFilter {
    /// The demands of a pass, which do not depend on a patcher.
    package struct Demands: Sendable {
        /// The capabilities that a patcher must have.
        package var capabilities: PatcherCapabilities
        /// True if a stepwise patcher does not get the pass.
        package var excludesStepwise: Bool
        /// True if a stepwise patcher may also return `ERANGE`.
        package var allowsStepwiseOverflow: Bool
    }

    /// The demands of a well-formed pass.
    ///
    /// - Complexity: O(slots × edits)
    package mutating func demands(of pass: PassImage, on input: ProgramImage<InputIndex>) -> Demands {
        rules.compute(pass, on: input)
        var needed = PassDemands(pass: pass, input: input, expectation: rules).capabilities()
        let isRefused = rules.status == .einval
        if isRefused { needed.insert(.refuses) }
        let prefixes = StepwisePrefixes(pass: pass, input: input, expectation: rules)
        return Demands(
            capabilities: needed, excludesStepwise: isRefused || prefixes.hasRefused(),
            allowsStepwiseOverflow: !isRefused && prefixes.overflows())
    }
}

extension ProgramBuffer {
    /// Fills in the parts that a patcher leaves out of its results, so that only the others are compared.
    ///
    /// - Parameters:
    ///   - capabilities: those of the patcher of this result; the buffer has room for all parts
    ///   - expected: the result by the rules
    /// - Complexity: O(slots + subprograms + lines)
    package func complete(_ capabilities: PatcherCapabilities, from expected: ProgramImage<OutputIndex>) {
        let own = image(as: OutputIndex.self)
        let top = TableIndex(0)
        if !capabilities.contains(.aux) && insnCount == expected.insnCount {
            unsafe own.aux.copy(expected.insnCount, from: expected.aux, at: OutputIndex(0), to: OutputIndex(0))
        }
        if !capabilities.contains(.subprograms) {
            subprogramCount = expected.subprogramCount
            unsafe own.subprograms.copy(expected.subprogramCount, from: expected.subprograms, at: top, to: top)
        }
        if !capabilities.contains(.lines) {
            lineCount = expected.lineCount
            unsafe own.lines.copy(expected.lineCount, from: expected.lines, at: top, to: top)
        }
    }
}
