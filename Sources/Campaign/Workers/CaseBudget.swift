/// What one case may take before the patcher that is asked counts as broken.
package struct CaseBudget: Codable, Hashable, Sendable {
    /// How long one case may take.
    ///
    /// - Units: seconds
    package var timeout: Double
    /// How much memory a process may hold beyond what it held before its first case, or `nil` for no limit.
    ///
    /// - Units: MiB
    package var memory: UInt64?

    package init(timeout: Double = 2, memory: UInt64? = 2048) {
        self.timeout = timeout
        self.memory = memory
    }
}
