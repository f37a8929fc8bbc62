import BPF
import Patching

/// Says which passes a patcher is not given, apart from a trial: for tools that let one patcher alone carry passes out.
package struct CapabilityFilter: ~Copyable {
    /// What the rules give for the last pass.
    package private(set) var rules = Expectation()

    package init() {}

    /// What a pass that is not malformed demands and a patcher cannot do; nothing, where the patcher is given the pass.
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

extension ProgramBuffer {
    /// Fills in what a patcher leaves out of its results, so that only the rest is looked at.
    ///
    /// - Parameters:
    ///   - capabilities: those of the patcher that gave this result, with room for what it leaves out
    ///   - expected: what the rules give
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
