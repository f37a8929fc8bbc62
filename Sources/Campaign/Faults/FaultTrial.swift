import Fuzzing
import UserFiles

/// The search for one planted fault: a campaign until its first finding.
package struct FaultTrial: Sendable {
    /// The size of a case.
    ///
    /// - Units: `insns` and `patchInsns` in slots
    package struct Size: Codable, Hashable, Sendable {
        package var edits: Int
        package var insns: Int
        package var patchInsns: Int

        enum CodingKeys: String, CodingKey {
            case edits, insns
            case patchInsns = "patch_insns"
        }

        init(_ size: CaseSize) {
            (edits, insns, patchInsns) = (size.edits, size.insns, size.patchInsns)
        }

        init(_ finding: StoredFinding) {
            (edits, insns, patchInsns) = (finding.edits, finding.insns, finding.patchInsns)
        }

        /// The size in words.
        package var text: String {
            "\(CountText.of(edits, "edit")), \(insns)+\(CountText.of(patchInsns, "slot"))"
        }
    }

    package var fault: PlantedFault
    /// The number of cases until the fault was found or the time was over.
    package var cases: UInt64
    /// - Units: seconds
    package var seconds: Double
    /// The bucket of the first finding; `nil` if the fault was not found.
    package var bucket: String?
    /// The size of the minimized case; `nil` if the fault was not found.
    package var size: Size?
    /// The size of the smallest case in the bucket; `nil` if it is not known.
    package var smallest: Size?

    /// True if the fault was found.
    package var isDetected: Bool { bucket != nil }

    /// The settings of the trials.
    package struct Settings: Sendable {
        package var seed: UInt64 = 1
        /// The time limit of a fault.
        ///
        /// - Units: seconds
        package var time = 10.0
        package var jobs = 1
        /// The number of smaller cases that are run to find the smallest one; 0 for none.
        package var smaller: UInt64 = 400_000

        package init() {}
    }

    /// Runs a campaign with the settings that `run` has by default until the first finding, and minimizes it.
    ///
    /// Then all smaller cases are run, if there are not too many and none can end this process.
    ///
    /// - Throws: ``CampaignError`` if workers cannot be started, or no file can be written
    package init(of fault: PlantedFault, _ settings: Settings, host: any HostProgram) throws(CampaignError) {
        self.fault = fault
        let folder = try onFiles { () throws(FileError) in try TemporaryFolder.make() }
        defer { TemporaryFolder.remove(folder) }
        let target = PatcherTarget([PatcherChoice(fault)])
        let configuration = CampaignConfiguration(
            target: .patchers(target), cases: CampaignConfiguration.Cases(seed: settings.seed),
            budget: CampaignConfiguration.Budget(time: settings.time, jobs: settings.jobs), output: folder)
        var session = CampaignSession(isUntilFound: true)
        session.isSilent = true
        let report = try Campaign(configuration: configuration, host: host, session: session).run()
        (cases, seconds) = (report.cases, report.seconds)
        guard let finding = report.findings.first else { return }
        bucket = finding.bucket
        let size = Size(finding)
        self.size = size
        guard let minimized = try CrashFolder(path: folder).stored(finding.bucket)?.content else { return }
        if fault.isDeadly || fault.carriesState { return }
        let search = SmallestCase(
            of: [fault.make()], in: finding.bucket, below: CaseSize(minimized), limit: settings.smaller)
        if search.isProven { smallest = search.found.map { Size(CaseSize($0)) } ?? size }
    }
}

extension FaultTrial: Encodable {
    private enum CodingKeys: String, CodingKey {
        case fault, summary, source, detected, cases, seconds, bucket, edits, insns, smallest
        case patchInsns = "patch_insns"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fault.name, forKey: .fault)
        try container.encode(fault.summary, forKey: .summary)
        try container.encode(fault.source, forKey: .source)
        try container.encode(isDetected, forKey: .detected)
        try container.encode(cases, forKey: .cases)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(bucket, forKey: .bucket)
        try container.encode(size?.edits, forKey: .edits)
        try container.encode(size?.insns, forKey: .insns)
        try container.encode(size?.patchInsns, forKey: .patchInsns)
        try container.encode(smallest, forKey: .smallest)
    }
}
