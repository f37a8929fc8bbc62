import Fuzzing

/// Runs the case of a finding of one side on the other side.
package final class ComparisonJudge {
    private let judge: OutOfProcessJudge

    /// - Parameters:
    ///   - target: the campaign's target, with both sides
    ///   - host: the program that serves as judge
    package init(_ target: PatcherTarget, host: any HostProgram) {
        judge = OutOfProcessJudge(.patchers(target), host: host)
    }

    /// Returns true if the case of a finding has a finding of the same kind on a side.
    package func fails(_ finding: StoredFinding, on role: ComparisonReport.Role) -> Bool {
        guard let c = try? CaseSource.single(finding.file) else { return false }
        let bucket = ComparisonReport.bucket(of: finding, on: role)
        return judge.findings(of: c, against: role.rawValue).contains { $0.bucket == bucket }
    }

    /// The error after which no case is judged, or `nil`.
    package var failure: CampaignError? { judge.failure }
}
