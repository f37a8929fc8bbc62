/// What a campaign gave.
public struct CampaignReport: Codable, Sendable {
    public var seed: UInt64
    public var cases: UInt64
    /// - Units: seconds, the minimising of findings not included
    public var seconds: Double
    public var casesPerSecond: Double
    public var jobs: Int
    public var findings: [StoredFinding]

    enum CodingKeys: String, CodingKey {
        case seed, cases, seconds, jobs, findings
        case casesPerSecond = "cases_per_second"
    }
}
