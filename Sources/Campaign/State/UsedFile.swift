import Foundation
import SystemPackage

/// A file that the cases or verdicts of a campaign depend on. Size and hash are those at the start of the campaign.
struct UsedFile: Codable, Hashable, Sendable {
    var path: String
    /// - Units: bytes
    var size: Int
    var fingerprint: String

    init(path: String, size: Int, fingerprint: String) {
        self.path = path
        self.size = size
        self.fingerprint = fingerprint
    }

    /// Reads a file.
    ///
    /// - Throws: ``CampaignError`` if it cannot be read
    init(path: String) throws(CampaignError) {
        let bytes = try WholeFile.read(path)
        self.init(path: path, size: bytes.count, fingerprint: Fingerprint(bytes).description)
    }

    /// Reads several files.
    ///
    /// - Throws: ``CampaignError`` if one cannot be read
    static func all(_ paths: [String]) throws(CampaignError) -> [UsedFile] {
        var files: [UsedFile] = []
        for path in paths { files.append(try UsedFile(path: path)) }
        return files
    }

    /// Checks that the files of a resumed campaign are unchanged.
    ///
    /// - Parameter restart: the option that replaces a campaign
    /// - Throws: ``CampaignError`` that names the first changed, missing or new file
    static func check(
        _ now: [UsedFile], against before: [UsedFile], state: String, restart: String
    ) throws(CampaignError) {
        let advice = "; restore it, or start a new campaign with \(restart)"
        for old in before {
            guard let new = now.first(where: { $0.path == old.path }) else {
                throw CampaignError(
                    "\(old.path) is used by the campaign in \(state) and is missing\(advice)")
            }
            if new != old {
                throw CampaignError("\(old.path) has changed since the campaign in \(state) began\(advice)")
            }
        }
        if let new = now.first(where: { file in !before.contains { $0.path == file.path } }) {
            throw CampaignError(
                "\(new.path) did not exist when the campaign in \(state) began; remove it, or start a new campaign with \(restart)"
            )
        }
    }

    /// The content, regardless of the path.
    var content: String { "\(fingerprint) of \(size) bytes" }

    /// Checks that two states to merge used the same files.
    ///
    /// - Throws: ``CampaignError`` that names the first different file, or one that only one state used
    static func checkAgreement(
        of new: [UsedFile], in state: String, with old: [UsedFile], in other: String
    ) throws(CampaignError) {
        for file in new where !old.contains(file) {
            throw CampaignError(
                old.contains { $0.path == file.path }
                    ? "\(file.path) was different for \(state) and \(other), so they are not of one campaign"
                    : "\(file.path) was used by \(state) and not by \(other), so they are not of one campaign"
            )
        }
        for file in old where !new.contains(file) {
            throw CampaignError(
                "\(file.path) was used by \(other) and not by \(state), so they are not of one campaign")
        }
    }

    /// The inode, size and modification time of a file. They differ if the file was replaced.
    struct Stamp: Hashable, CustomStringConvertible {
        private var values: [Int]

        /// The values without the inode.
        var description: String { values.dropFirst().map(String.init).joined(separator: " ") }

        /// Reads the stamp of a file; that of a missing file is empty.
        init(path: String) {
            guard let file = try? Stat(FilePath(path)) else {
                values = []
                return
            }
            let time = file.st_mtim
            values = [Int(bitPattern: UInt(file.inode.rawValue)), Int(file.size), time.tv_sec, time.tv_nsec]
        }
    }
}

/// Detects that a file of a campaign was replaced while the campaign runs.
struct FileWatch {
    private let stamps: [(path: String, stamp: UsedFile.Stamp)]
    private var lastChecked = Date()

    /// Stores the current attributes of files.
    init(_ paths: [String]) { stamps = paths.map { ($0, UsedFile.Stamp(path: $0)) } }

    /// Checks that no file has changed.
    ///
    /// - Throws: ``CampaignError`` that names the first changed file
    /// - Complexity: O(files)
    func check() throws(CampaignError) {
        for file in stamps where UsedFile.Stamp(path: file.path) != file.stamp {
            throw CampaignError("\(file.path) has changed since the campaign began; restore it, then resume")
        }
    }

    /// Checks once a second that no file has changed: new workers would load the replacement of a plug-in.
    ///
    /// - Throws: ``CampaignError`` that names the first changed file
    /// - Complexity: O(files)
    mutating func checkEverySecond() throws(CampaignError) {
        if Date().timeIntervalSince(lastChecked) < 1 { return }
        lastChecked = Date()
        try check()
    }
}
