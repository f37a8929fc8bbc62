import Foundation
import SystemPackage
import UserFiles

/// A folder in which a campaign is kept, held by one process at a time.
///
/// - Shape: `checkpoint` and the one before it, `crashes/`, `lock`, and in the form of AFL++ `fuzzer_stats`, `plot_data` and
///   `cmdline`; `log` says what happened when
package final class StateFolder {
    /// Where it is, as the user named it.
    package let path: String
    /// What it held when it was opened.
    package let checkpoint: Checkpoint?
    private let lock: StateLock
    /// Whether an old state is to make room for a new one.
    private let restarts: Bool
    /// What is in the newest checkpoint.
    private(set) var saved: Checkpoint?
    /// Whether the newest checkpoint may take the place of the one before it.
    private var isNewestSound = true

    /// The folder of findings in a state.
    static func crashes(of path: String) -> String { path + "/crashes" }
    /// The folder of findings.
    package var crashes: String { StateFolder.crashes(of: path) }
    private var newest: String { path + "/checkpoint" }
    private var before: String { path + "/checkpoint.before" }

    /// Opens a folder for a new campaign.
    ///
    /// - Parameter restarts: whether a campaign that is there already is moved aside
    /// - Throws: ``CampaignError`` when the folder cannot be used, is in use, or holds what would be overwritten
    package static func create(
        _ path: String, restarts: Bool, target: CampaignTarget, host: any HostProgram
    ) throws(CampaignError) -> StateFolder {
        try refuseStrangers(in: path)
        do throws(FileError) { try Folder.make(path) } catch {
            throw CampaignError("\(error); the state of a campaign goes there")
        }
        let folder = try StateFolder(path, checkpoint: nil, lock: StateLock(folder: path), restarts: restarts)
        if restarts { return folder }
        if folder.exists(folder.newest) || folder.exists(folder.before) {
            throw CampaignError(
                "\(path) holds a campaign already; go on with it by "
                    + "'\(ShellText.of(host.command(resuming: path, of: target)))', or begin anew "
                    + "with \(host.restartOption), which moves the old one to \(folder.nextAside)")
        }
        if let name = folder.contents.first {
            throw CampaignError(
                "\(path) holds \(name), but no campaign; name an empty folder, or move it aside with \(host.restartOption)"
            )
        }
        return folder
    }

    /// What a folder of state may hold, besides states that were moved aside and files that were never finished.
    private static let ownNames: Set<String> = [
        "checkpoint", "checkpoint.before", "crashes", "lock", "fuzzer_stats", "plot_data", "cmdline", "log",
        "lost+found",
    ]

    /// Checks that a folder in which no campaign is kept yet holds nothing else either.
    ///
    /// - Throws: ``CampaignError`` that names something of the user's
    private static func refuseStrangers(in path: String) throws(CampaignError) {
        guard (try? FileType(of: path)) == .directory else { return }
        let names = try onFiles { () throws(FileError) in try Folder.names(in: path) }
        // In a folder that holds a campaign the user may leave notes.
        if names.contains("checkpoint") || names.contains("checkpoint.before") { return }
        let isOwn = { (name: String) in
            ownNames.contains(name) || name.hasPrefix("earlier-") || isLeftOver(name, in: path)
        }
        guard let name = names.first(where: { !isOwn($0) }) else { return }
        throw CampaignError("\(path) holds \(name), which is of no campaign; name an empty folder, or a new one")
    }

    /// Returns true if a file was left half written by a campaign that was killed; no other may be removed.
    private static func isLeftOver(_ name: String, in folder: String) -> Bool {
        guard name.hasPrefix(WholeFile.temporaryPrefix) else { return false }
        let words = name.dropFirst(WholeFile.temporaryPrefix.count).split(separator: "-", maxSplits: 1)
        let isOwn =
            words.first.map { pid_t($0) != nil || words == ["before"] } ?? false
            && (words.count == 1 || ownNames.contains(String(words[1])) || words[1].hasSuffix(".case")
                || words[1].hasSuffix(".c"))
        return isOwn && (try? FileType(of: "\(folder)/\(name)", followingLinks: false)) == .regular
    }

    /// What a campaign is wanted for, which decides what to do when it cannot be used.
    enum Purpose {
        case resuming, merging

        /// What to do when the folder holds something, but no campaign that can be read.
        ///
        /// - Parameter aside: where an old state would be moved
        fileprivate func advice(_ aside: String, _ host: any HostProgram) -> String {
            switch self {
            case .resuming:
                "begin anew with \(host.restartOption) instead of \(host.resumeOption), which moves what is there to \(aside)"
            case .merging: "leave it out"
            }
        }
    }

    /// Opens the folder of a campaign to go on with it.
    ///
    /// - Throws: as ``open(_:for:host:)``
    package static func open(_ path: String, host: any HostProgram) throws(CampaignError) -> StateFolder {
        try open(path, for: .resuming, host: host)
    }

    /// Opens the folder of a campaign.
    ///
    /// A damaged checkpoint is replaced by the one before it, and said so.
    ///
    /// - Throws: ``CampaignError`` when there is none, it is in use, of another version, or damaged beyond repair; nothing
    ///   has been changed then
    static func open(
        _ path: String, for purpose: Purpose, host: any HostProgram
    ) throws(CampaignError) -> StateFolder {
        let newest = path + "/checkpoint"
        let before = path + "/checkpoint.before"
        guard [newest, before].contains(where: FileManager.default.fileExists(atPath:)) else {
            throw noCampaign(path, purpose, host)
        }
        let lock = try StateLock(folder: path, for: purpose == .merging ? .reading : .writing)
        if let found = try read(newest, purpose, host) {
            let folder = StateFolder(path, checkpoint: found, lock: lock, restarts: false)
            folder.saved = found
            return folder
        }
        guard let found = try read(before, purpose, host) else {
            throw CampaignError(
                "\(newest) and \(before) are damaged, so it is not known where the campaign stood; its findings are in "
                    + "\(crashes(of: path)). Put back a copy of either file, or \(purpose.advice(nextAside(in: path), host))"
            )
        }
        let start = "\(newest) is missing or damaged; "
        switch purpose {
        case .resuming: Output.note(start + "going on from the one before it, so some cases are run again\n")
        case .merging: Output.note(start + "the one before it is used, so some cases are not counted\n")
        }
        let folder = StateFolder(path, checkpoint: found, lock: lock, restarts: false)
        folder.isNewestSound = false
        return folder
    }

    /// Why a folder without a checkpoint cannot be used, and what can be done.
    private static func noCampaign(
        _ path: String, _ purpose: Purpose, _ host: any HostProgram
    ) -> CampaignError {
        if let name = contents(of: path).first {
            return CampaignError(
                "\(path) holds \(name), but no checkpoint, so it is not known where the campaign stood; put back a copy of its "
                    + "checkpoint, or \(purpose.advice(nextAside(in: path), host))")
        }
        switch purpose {
        case .merging:
            return CampaignError(
                "\(path) holds no campaign; name folders of \(host.stateOption) that campaigns are kept in")
        case .resuming:
            let isUsable =
                (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
                || !FileManager.default.fileExists(atPath: path)
            return CampaignError(
                "\(path) holds no campaign to go on with; "
                    + (isUsable ? "leave out \(host.resumeOption) to begin one there" : "name the folder of one"))
        }
    }

    private init(_ path: String, checkpoint: Checkpoint?, lock: StateLock, restarts: Bool) {
        self.path = path
        self.checkpoint = checkpoint
        self.lock = lock
        self.restarts = restarts
    }

    /// Reads a checkpoint; `nil` when it is missing or damaged.
    private static func read(
        _ path: String, _ purpose: Purpose, _ host: any HostProgram
    ) throws(CampaignError) -> Checkpoint? {
        if !FileManager.default.fileExists(atPath: path) { return nil }
        let bytes = try WholeFile.read(path)
        do throws(Checkpoint.Fault) {
            return try Checkpoint.parse(bytes)
        } catch {
            guard case .format(let number) = error else { return nil }
            throw CampaignError(
                "\(path) is of format \(number), and this bpf-patch-fuzz reads format \(Checkpoint.format), in which files or "
                    + "the cases of a seed differ; use the version that wrote it, or \(purpose.advice(nextAside(in: URL(fileURLWithPath: path).deletingLastPathComponent().path), host))"
            )
        }
    }

    /// Makes the folder ready for a campaign: an old one is moved aside, and what a killed one left half written is removed.
    ///
    /// - Throws: ``CampaignError`` when something cannot be moved or made
    func prepare() throws(CampaignError) {
        if restarts && !contents.isEmpty { try moveAside() }
        for folder in [path, crashes] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where StateFolder.isLeftOver(name, in: folder) { try? SystemCall.unlink("\(folder)/\(name)") }
        }
        try CrashFolder(path: crashes).check()
    }

    /// Lets a checkpoint be the newest, and the newest so far the one before.
    ///
    /// There is a whole checkpoint at every moment: the newest gets a second name before another takes its first.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written; what was there is then there still
    func save(_ checkpoint: Checkpoint) throws(CampaignError) {
        let bytes: Data
        do { bytes = try checkpoint.print() } catch { throw CampaignError("\(newest): \(error)") }
        // Only when the new one is safe is the one before given up: on a full disk both stay.
        try WholeFile.writeLasting(bytes, to: newest) { () throws(CampaignError) in
            if isNewestSound { try keepBefore() }
        }
        isNewestSound = true
        saved = checkpoint
    }

    /// Gives the newest checkpoint a second name, in the place of the one before.
    private func keepBefore() throws(CampaignError) {
        let spare = "\(path)/\(WholeFile.temporaryPrefix)before"
        try? SystemCall.unlink(spare)
        if (try? SystemCall.link(newest, as: spare)) != nil {
            try? SystemCall.rename(spare, to: before)
        } else if let old = FileManager.default.contents(atPath: newest) {
            // Where files cannot have two names, a copy does.
            try WholeFile.writeLasting(old, to: before)
        }
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// What is there that a new campaign would write to, the checkpoints last.
    private var contents: [String] { StateFolder.contents(of: path) }

    private static func contents(of path: String) -> [String] {
        let names = ["plot_data", "fuzzer_stats", "cmdline", "log", "crashes", "checkpoint.before", "checkpoint"]
        return names.filter { name in
            name == "crashes"
                ? !((try? FileManager.default.contentsOfDirectory(atPath: crashes(of: path))) ?? []).isEmpty
                : FileManager.default.fileExists(atPath: "\(path)/\(name)")
        }
    }

    /// Where an old state goes: in the folder itself, which may be the root of a file system.
    private var nextAside: String { StateFolder.nextAside(in: path) }

    private static func nextAside(in path: String) -> String {
        var number = 1
        while FileManager.default.fileExists(atPath: "\(path)/earlier-\(number)") { number += 1 }
        return "\(path)/earlier-\(number)"
    }

    private func moveAside() throws(CampaignError) {
        let aside = nextAside
        do throws(Errno) {
            try SystemCall.makeFolder(aside)
            for name in contents { try SystemCall.rename("\(path)/\(name)", to: "\(aside)/\(name)") }
        } catch {
            throw CampaignError("\(path): what is there cannot be moved to \(aside): \(error.reason)")
        }
        try WholeFile.synchronize(folder: path)
        Output.note("the campaign that was in \(path) is now in \(aside)\n")
    }
}
