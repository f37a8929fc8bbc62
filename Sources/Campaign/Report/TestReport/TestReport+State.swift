import Foundation

extension TestReport {
    /// The results of the campaign in a state folder, as of its last checkpoint.
    ///
    /// - Parameters:
    ///   - known: the file of known buckets; `nil` for that of the campaign, if it still exists
    ///   - isDrawn: true to draw the cases
    /// - Throws: ``CampaignError`` if the folder contains no readable campaign
    package init(
        ofState path: String, known: String?, host: any HostProgram, isDrawn: Bool
    ) throws(CampaignError) {
        let (checkpoint, isInUse) = try StateFolder.lastCheckpoint(of: path, host: host)
        var report = try CampaignReport(of: checkpoint, in: path, host: host)
        var list = KnownBuckets()
        if let known {
            list = try KnownBuckets(path: known)
        } else if let kept = checkpoint.known, !kept.isEmpty {
            do throws(CampaignError) { list = try KnownBuckets(path: kept) } catch {
                Output.note("note: \(error); all findings are reported as new\n")
            }
        }
        report.mark(list, host: host)
        let command = report.target.kernel == nil ? "run" : "kernel run"
        self.init(report, command: command, host: host, isDrawn: isDrawn)
        began = Date(timeIntervalSince1970: Double(checkpoint.times.start))
        if isInUse {
            let age =
                (try? FileManager.default.attributesOfItem(atPath: path + "/checkpoint"))?[.modificationDate] as? Date
            remark =
                "The campaign is still running. These are the numbers of its last checkpoint"
                + (age.map { ", written \($0.ISO8601Format())." } ?? ".")
        }
    }
}
