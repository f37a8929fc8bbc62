import Patching

/// Judges the candidates of a minimization.
package protocol CaseJudge: AnyObject {
    /// The names of its patchers.
    var names: [String] { get }

    /// The findings of a case; none for an ill-formed program.
    ///
    /// - Parameter target: the only patcher to run, or `nil` for all
    func findings(of c: Case, against target: String?) -> [Finding]

    /// The oracle that judges a case. Default: the fast one.
    func oracle(for c: Case) -> Oracle

    /// Returns false for a candidate that need not be run, since it has no finding. Default: true.
    ///
    /// - Parameter best: the case that the candidate was made from, which has one
    func isPromising(_ candidate: Case, madeFrom best: Case) -> Bool
}

extension CaseJudge {
    package func oracle(for c: Case) -> Oracle { .fast }
    package func isPromising(_ candidate: Case, madeFrom best: Case) -> Bool { true }
}

/// Runs patchers in this process. A patcher that crashes ends the process.
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

    /// Makes a judge that runs some patchers.
    ///
    /// - Parameter beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
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
