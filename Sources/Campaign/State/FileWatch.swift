import Foundation

/// Notices that a file has been replaced which a campaign uses.
struct FileWatch {
    private let stamps: [(path: String, stamp: UsedFile.Stamp)]

    /// Remembers what files are like now.
    init(_ paths: [String]) { stamps = paths.map { ($0, UsedFile.Stamp(path: $0)) } }

    /// Checks that all are as they were.
    ///
    /// - Throws: ``CampaignError`` that names the first that is not
    /// - Complexity: O(files)
    func check() throws(CampaignError) {
        for file in stamps where UsedFile.Stamp(path: file.path) != file.stamp {
            throw CampaignError("\(file.path) has changed since the campaign began; put it back to go on")
        }
    }
}
