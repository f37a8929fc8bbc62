/// The answer of a kernel to the probe of a feature or program type: a refusal, another result, or a line in its log.
package struct ProbeAnswer: Hashable, Sendable, Codable {
    /// The name of the feature or program type.
    package var probe: String
    /// The `errno` of the load; 0 if the program was loaded.
    package var code: Int32
    /// The line of the verifier's log or of the kernel's log, or another reason.
    package var line: String
    /// True if the kernel is at fault: the verifier reports a bug of its own, or the kernel warns.
    package var isFault: Bool

    package init(probe: String, code: Int32, line: String, isFault: Bool) {
        self.probe = probe
        self.code = code
        self.line = line
        self.isFault = isFault
    }
}

extension KernelFacts {
    /// True if the kernel does not show a feature that its release has, and that no setting turns off.
    package func lacksUnexpectedly(_ feature: KernelFeature) -> Bool {
        guard let since = feature.since, version >= since, !features.contains(feature) else { return false }
        return feature.requires.isSubset(of: features)
    }

    /// Returns true if two facts differ at most in the answers to probes.
    package func isSameKernel(as other: KernelFacts) -> Bool {
        var same = self
        same.answers = other.answers
        return same == other
    }

    /// The answer to the probe of a feature or program type by its name; `nil` if it showed the feature.
    package func answer(to probe: String) -> ProbeAnswer? { answers.first { $0.probe == probe } }

    /// The answers that show a fault of the kernel, in the order of the probes.
    package var faults: [ProbeAnswer] { answers.filter(\.isFault) }
}
