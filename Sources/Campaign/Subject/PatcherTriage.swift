import Fuzzing

/// Looks at findings against patchers, which are asked in another process.
final class PatcherTriage: FindingTriage {
    private let judge: OutOfProcessJudge
    private let make: (UInt64) -> Case

    /// - Parameter make: makes the case of an index
    init(_ judge: OutOfProcessJudge, make: @escaping (UInt64) -> Case) {
        self.judge = judge
        self.make = make
    }

    func makeCase(index: UInt64) -> Case { make(index) }
    func findings(of c: Case, against target: String?) -> [Finding] {
        judge.findings(of: c, against: target.flatMap { judge.names.contains($0) ? $0 : nil })
    }
    func minimize(_ c: Case, bucket: String) -> Minimizer.Result { judge.minimize(c, bucket: bucket) }
    func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? { judge.slide(c, from: bucket) }
    func canRunAgain(_ bucket: String) -> Bool { true }
    var failure: CampaignError? { judge.failure }
    var isLate: () -> Bool {
        get { judge.isLate }
        set { judge.isLate = newValue }
    }
    var progress: (MinimizerProgress) -> Void {
        get { judge.progress }
        set { judge.progress = newValue }
    }
}
