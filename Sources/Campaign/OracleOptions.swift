import Fuzzing
import Patching
import Plugins

/// How patchers are judged, apart from who they are.
package struct OracleOptions: Codable, Hashable, Sendable {
    /// Whether patchers made of the kernel's functions are given what these do not assume.
    package var beyondContract: Bool
    /// One allocation in so many of a plug-in made of the kernel's functions fails; 0 for none.
    package var failAlloc: UInt32
    /// The oracle that judges.
    package var oracle: Oracle

    package init(beyondContract: Bool = false, failAlloc: UInt32 = 0, oracle: Oracle = .fast) {
        self.beyondContract = beyondContract
        self.failAlloc = failAlloc
        self.oracle = oracle
    }

    /// The terms as conditions of a case.
    var conditions: Case.Conditions { Case.Conditions(beyondContract: beyondContract, failAlloc: failAlloc) }

    /// These terms for a case with conditions of its own; an allocation fails as often as these say, if they say so.
    ///
    /// A case that was found against the fast oracle is judged by the reference, which alone shows it.
    package func applying(to c: Case) -> OracleOptions {
        let conditions = c.judgingConditions
        return OracleOptions(
            beyondContract: beyondContract || conditions.beyondContract,
            failAlloc: failAlloc > 0 ? failAlloc : conditions.failAlloc,
            oracle: c.target == Finding.oracleTarget ? .reference : oracle)
    }

    /// Makes patchers.
    ///
    /// - Parameter runsEveryPassTwice: whether plug-ins are asked twice for every pass, as single cases want it
    package func make(_ choices: [PatcherChoice], runsEveryPassTwice: Bool = false) -> [any Patcher] {
        choices.map { $0.make(Plugin.Options(runsEveryPassTwice: runsEveryPassTwice, failAlloc: failAlloc)) }
    }
}
