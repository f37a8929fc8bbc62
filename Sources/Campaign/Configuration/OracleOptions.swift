import Fuzzing
import Patching
import Plugins

/// The rules of judging patchers.
package struct OracleOptions: Codable, Hashable, Sendable {
    /// True if patchers built from kernel functions also run passes outside the kernel's contract.
    package var beyondContract: Bool
    /// N to make one in N allocations fail in plug-ins built from kernel functions; 0 for none.
    package var failAlloc: UInt32
    /// The oracle that judges.
    package var oracle: Oracle

    package init(beyondContract: Bool = false, failAlloc: UInt32 = 0, oracle: Oracle = .fast) {
        self.beyondContract = beyondContract
        self.failAlloc = failAlloc
        self.oracle = oracle
    }

    /// The options as conditions of a case.
    var conditions: Case.Conditions { Case.Conditions(beyondContract: beyondContract, failAlloc: failAlloc) }

    /// Merges these options with the conditions of a case. A nonzero ``failAlloc`` here takes precedence.
    ///
    /// A finding of the fast oracle is judged by the reference, since only the reference reproduces it.
    package func applying(to c: Case) -> OracleOptions {
        let conditions = c.judgingConditions
        return OracleOptions(
            beyondContract: beyondContract || conditions.beyondContract,
            failAlloc: failAlloc > 0 ? failAlloc : conditions.failAlloc,
            oracle: c.target == Finding.oracleTarget ? .reference : oracle)
    }

    /// Makes patchers.
    ///
    /// - Parameter runsEveryPassTwice: true if plug-ins run every pass twice, as for single cases
    package func make(_ choices: [PatcherChoice], runsEveryPassTwice: Bool = false) -> [any Patcher] {
        choices.map { $0.make(Plugin.Options(runsEveryPassTwice: runsEveryPassTwice, failAlloc: failAlloc)) }
    }
}
