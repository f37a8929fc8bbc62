/// The limits of one case; a patcher that exceeds them has a finding.
package struct CaseBudget: Codable, Hashable, Sendable {
    /// The time limit of one case.
    ///
    /// - Units: seconds
    package var timeout: Double
    /// The limit for the memory of a process above its memory before the first case, or `nil`.
    ///
    /// - Units: MiB
    package var memory: UInt64?

    package init(timeout: Double = 2, memory: UInt64? = 2048) {
        self.timeout = timeout
        self.memory = memory
    }
}
