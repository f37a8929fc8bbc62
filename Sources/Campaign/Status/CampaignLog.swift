import Foundation

/// The file `log` of a kept campaign: a line for each event of all sessions, for `tail -f`.
///
/// - Shape: `2026-11-30T00:14:52Z EVENT: TEXT`
struct CampaignLog {
    enum Event: String {
        case start, resume, bucket, stored, note, end, error
    }

    private let path: String
    private let now: () -> Date

    /// Makes the log of a campaign; the file is opened for each line.
    ///
    /// - Parameters:
    ///   - folder: the state folder
    ///   - now: the clock
    init(folder: String, now: @escaping () -> Date = { Date() }) {
        path = folder + "/log"
        self.now = now
    }

    /// Appends a line.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written
    func add(_ event: Event, _ text: String) throws(CampaignError) {
        let words = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        try WholeFile.append(Data("\(now().ISO8601Format()) \(event.rawValue): \(words)\n".utf8), to: path)
    }
}
