import Foundation

/// The file `log` of a kept campaign: what happened when, a line each, over all sessions; made to be followed with `tail -f`.
///
/// - Shape: `2026-11-30T00:14:52Z EVENT: TEXT`
struct CampaignLog {
    /// What happened.
    enum Event: String {
        case start, resume, bucket, stored, note, end, error
    }

    private let path: String
    private let now: () -> Date

    /// Names the file of a campaign.
    ///
    /// - Parameters:
    ///   - folder: where the campaign is kept
    ///   - now: gives the time
    init(folder: String, now: @escaping () -> Date = { Date() }) {
        path = folder + "/log"
        self.now = now
    }

    /// Appends a line.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written
    func add(_ event: Event, _ text: String) throws(CampaignError) {
        let words = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        try WholeFile.append(Data("\(now().ISO8601Format()) \(event.rawValue): \(words)\n".utf8), to: path)
    }
}
