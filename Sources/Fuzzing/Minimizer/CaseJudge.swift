import Patching

/// Says what is wrong with a case: whom the minimizer asks about each candidate.
package protocol CaseJudge: AnyObject {
    /// What the patchers are called that it asks.
    var names: [String] { get }

    /// What is wrong with a case; nothing for an ill-formed program.
    ///
    /// - Parameter target: the only patcher to ask, or `nil` for all
    func findings(of c: Case, against target: String?) -> [Finding]

    /// The oracle that judges a case. Default: the fast one.
    func oracle(for c: Case) -> Oracle
}

extension CaseJudge {
    package func oracle(for c: Case) -> Oracle { .fast }
}

/// Asks patchers in this process, which a patcher that crashes takes with it.
package final class InProcessJudge: CaseJudge {
    /// A runner of one patcher or of all.
    private final class Asked {
        let target: String?
        var runner: CaseRunner

        init(_ target: String?, _ patchers: [any Patcher], beyondContract: Bool) {
            self.target = target
            runner = CaseRunner(
                patchers.filter { target == nil || $0.name == target }, beyondContract: beyondContract)
        }
    }

    private let patchers: [any Patcher]
    private let beyondContract: Bool
    private var asked: Asked

    package var names: [String] { patchers.map(\.name) }

    /// Makes a judge that asks some patchers.
    ///
    /// - Parameter beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    package init(_ patchers: [any Patcher], beyondContract: Bool = false) {
        self.patchers = patchers
        self.beyondContract = beyondContract
        asked = Asked(nil, patchers, beyondContract: beyondContract)
    }

    package func findings(of c: Case, against target: String?) -> [Finding] {
        if asked.target != target { asked = Asked(target, patchers, beyondContract: beyondContract) }
        return asked.runner.findings(of: c)
    }
}
