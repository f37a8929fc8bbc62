import Foundation
import SystemPackage

/// A file that cases or verdicts of a campaign come from, as it was when the campaign began.
struct UsedFile: Codable, Hashable, Sendable {
    var path: String
    /// - Units: bytes
    var size: Int
    var fingerprint: String

    /// A file as it was once seen.
    init(path: String, size: Int, fingerprint: String) {
        self.path = path
        self.size = size
        self.fingerprint = fingerprint
    }

    /// Looks at a file.
    ///
    /// - Throws: ``CampaignError`` when it cannot be read
    init(path: String) throws(CampaignError) {
        let bytes = try WholeFile.read(path)
        self.init(path: path, size: bytes.count, fingerprint: Fingerprint(bytes).description)
    }

    /// Looks at files.
    ///
    /// - Throws: ``CampaignError`` when one cannot be read
    static func all(_ paths: [String]) throws(CampaignError) -> [UsedFile] {
        var files: [UsedFile] = []
        for path in paths { files.append(try UsedFile(path: path)) }
        return files
    }

    /// Checks that a campaign goes on with the files that it began with.
    ///
    /// - Parameter restart: the option that starts a campaign in the place of another
    /// - Throws: ``CampaignError`` that names the first that is another, missing or new
    static func check(
        _ now: [UsedFile], against before: [UsedFile], state: String, restart: String
    ) throws(CampaignError) {
        let advice = "; put it back, or begin anew with \(restart)"
        for old in before {
            guard let new = now.first(where: { $0.path == old.path }) else {
                throw CampaignError(
                    "\(old.path) is used by the campaign in \(state) and is not there any more\(advice)")
            }
            if new != old {
                throw CampaignError("\(old.path) has changed since the campaign in \(state) began\(advice)")
            }
        }
        if let new = now.first(where: { file in !before.contains { $0.path == file.path } }) {
            throw CampaignError(
                "\(new.path) was not there when the campaign in \(state) began; take it away, or begin anew with \(restart)"
            )
        }
    }

    /// What is in it, wherever it is.
    var content: String { "\(fingerprint) of \(size) bytes" }

    /// Checks that two states of one command were made with the same files.
    ///
    /// - Throws: ``CampaignError`` that names the first file that is another, or that only one of them has
    static func checkAgreement(
        of new: [UsedFile], in state: String, with old: [UsedFile], in other: String
    ) throws(CampaignError) {
        for file in new where !old.contains(file) {
            throw CampaignError(
                old.contains { $0.path == file.path }
                    ? "\(file.path) was another file for \(state) than for \(other); what comes of both is not of one campaign"
                    : "\(file.path) was there for \(state) and not for \(other); what comes of both is not of one campaign"
            )
        }
        for file in old where !new.contains(file) {
            throw CampaignError(
                "\(file.path) was there for \(other) and not for \(state); what comes of both is not of one campaign")
        }
    }

    /// The attributes of a file that change when it is replaced. A missing file has none.
    struct Stamp: Hashable, CustomStringConvertible {
        private var values: [Int]

        /// The attributes without the inode.
        var description: String { values.dropFirst().map(String.init).joined(separator: " ") }

        /// Queries the attributes of a file.
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

/// Notices that a file of a campaign was replaced.
struct FileWatch {
    private let stamps: [(path: String, stamp: UsedFile.Stamp)]

    /// Stores the current attributes of files.
    init(_ paths: [String]) { stamps = paths.map { ($0, UsedFile.Stamp(path: $0)) } }

    /// Checks that no file has changed.
    ///
    /// - Throws: ``CampaignError`` that names the first changed file
    /// - Complexity: O(files)
    func check() throws(CampaignError) {
        for file in stamps where UsedFile.Stamp(path: file.path) != file.stamp {
            throw CampaignError("\(file.path) has changed since the campaign began; put it back to go on")
        }
    }
}
