import Foundation
import SystemPackage
import UserFiles

/// The state folder of a campaign, locked by one process at a time.
///
/// - Shape: `checkpoint`, `checkpoint.before`, `crashes/`, `lock`, `log`, and in the formats of AFL++ `fuzzer_stats`,
///   `plot_data` and `cmdline`
package final class StateFolder {
    /// The path on the command line.
    package let path: String
    /// The checkpoint that was read when the folder was opened, or `nil`.
    package let checkpoint: Checkpoint?
    private let lock: StateLock
    /// True if ``prepare()`` moves an old state to a subfolder.
    private let restarts: Bool
    /// The checkpoint that was saved last, or `nil`.
    private(set) var saved: Checkpoint?
    /// False if the file `checkpoint` is damaged, so that it must not replace `checkpoint.before`.
    private var isNewestSound = true

    /// The folder of findings in a state.
    static func crashes(of path: String) -> String { path + "/crashes" }
    /// The folder of findings.
    package var crashes: String { StateFolder.crashes(of: path) }
    private var newest: String { path + "/checkpoint" }
    private var before: String { path + "/checkpoint.before" }

    /// Opens a folder for a new campaign.
    ///
    /// - Parameter restarts: true to move an existing campaign aside
    /// - Throws: ``CampaignError`` if the folder cannot be used, is in use, or has files that would be overwritten
    package static func create(
        _ path: String, restarts: Bool, target: CampaignTarget, host: any HostProgram
    ) throws(CampaignError) -> StateFolder {
        try checkForOtherFiles(in: path)
        do throws(FileError) { try Folder.make(path) } catch {
            throw CampaignError("\(error); this is the folder for the state of the campaign")
        }
        let folder = try StateFolder(path, checkpoint: nil, lock: StateLock(folder: path), restarts: restarts)
        if restarts { return folder }
        if folder.exists(folder.newest) || folder.exists(folder.before) {
            throw CampaignError(
                "\(path) already contains a campaign; resume it with "
                    + "'\(ShellText.of(host.command(resuming: path, of: target)))', or start a new one "
                    + "with \(host.restartOption), which moves the old one to \(folder.nextAside)")
        }
        if let name = folder.contents.first {
            throw CampaignError(
                "\(path) contains \(name), but no campaign; name an empty folder, or move it aside with \(host.restartOption)"
            )
        }
        return folder
    }

    /// The names in a state folder, except for states moved aside and temporary files.
    private static let ownNames: Set<String> = [
        "checkpoint", "checkpoint.before", "crashes", "lock", "fuzzer_stats", "plot_data", "cmdline", "log",
        "lost+found",
    ]

    /// Checks that a folder without a campaign contains no files of the user.
    ///
    /// - Throws: ``CampaignError`` that names such a file
    private static func checkForOtherFiles(in path: String) throws(CampaignError) {
        guard (try? FileType(of: path)) == .directory else { return }
        let names = try onFiles { () throws(FileError) in try Folder.names(in: path) }
        // The user may add files to the folder of a campaign.
        if names.contains("checkpoint") || names.contains("checkpoint.before") { return }
        let isOwn = { (name: String) in
            ownNames.contains(name) || name.hasPrefix("earlier-") || isLeftOver(name, in: path)
        }
        guard let name = names.first(where: { !isOwn($0) }) else { return }
        throw CampaignError(
            "\(path) contains \(name), which does not belong to a campaign; name an empty folder, or a new one")
    }

    /// Returns true for a temporary file of a campaign that was killed; only these may be removed.
    private static func isLeftOver(_ name: String, in folder: String) -> Bool {
        guard name.hasPrefix(WholeFile.temporaryPrefix) else { return false }
        let words = name.dropFirst(WholeFile.temporaryPrefix.count).split(separator: "-", maxSplits: 1)
        let isOwn =
            words.first.map { pid_t($0) != nil || words == ["before"] } ?? false
            && (words.count == 1 || ownNames.contains(String(words[1])) || words[1].hasSuffix(".case")
                || words[1].hasSuffix(".c"))
        return isOwn && (try? FileType(of: "\(folder)/\(name)", followingLinks: false)) == .regular
    }

    /// The purpose of opening a campaign. It selects the advice in errors.
    enum Purpose {
        case resuming, merging, reporting

        /// The advice if the folder has files, but no readable campaign.
        ///
        /// - Parameter aside: the folder to which an old state would be moved
        fileprivate func advice(_ aside: String, _ host: any HostProgram) -> String {
            switch self {
            case .resuming:
                "start a new campaign with \(host.restartOption) instead of \(host.resumeOption), which moves the files to \(aside)"
            case .merging: "leave it out"
            case .reporting: "name another folder"
            }
        }
    }

    /// Opens the folder of a campaign to resume it.
    ///
    /// - Throws: as ``open(_:for:host:)``
    package static func open(_ path: String, host: any HostProgram) throws(CampaignError) -> StateFolder {
        try open(path, for: .resuming, host: host)
    }

    /// Opens the folder of a campaign.
    ///
    /// A damaged checkpoint is replaced by the previous one, with a message.
    ///
    /// - Throws: ``CampaignError`` if there is no campaign, it is in use, or its checkpoints have another format or are
    ///   damaged; nothing was changed then
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
                "\(newest) and \(before) are damaged, so the progress of the campaign is unknown; its findings are in "
                    + "\(crashes(of: path)). Restore a copy of either file, or \(purpose.advice(nextAside(in: path), host))"
            )
        }
        let start = "\(newest) is missing or damaged; "
        switch purpose {
        case .resuming: Output.note(start + "resuming from the previous one, so some cases are run again\n")
        case .merging, .reporting:
            Output.note(start + "the previous one is used, so some cases are not counted\n")
        }
        let folder = StateFolder(path, checkpoint: found, lock: lock, restarts: false)
        folder.isNewestSound = false
        return folder
    }

    /// The last complete checkpoint of a folder, which another process may be writing. Nothing is locked or changed.
    ///
    /// - Returns: the checkpoint, and true if a process is writing the folder
    /// - Throws: ``CampaignError`` if there is no campaign, or its checkpoints have another format or are damaged
    package static func lastCheckpoint(
        of path: String, host: any HostProgram
    ) throws(CampaignError) -> (checkpoint: Checkpoint, isInUse: Bool) {
        let isInUse = StateLock.isHeld(folder: path)
        let files = [path + "/checkpoint", path + "/checkpoint.before"]
        for file in files {
            if let found = try read(file, .reporting, host) { return (found, isInUse) }
        }
        if !files.contains(where: FileManager.default.fileExists(atPath:)) { throw noCampaign(path, .reporting, host) }
        throw CampaignError("\(files[0]) and \(files[1]) are damaged, so the progress of the campaign is unknown")
    }

    /// The error for a folder without a checkpoint.
    private static func noCampaign(
        _ path: String, _ purpose: Purpose, _ host: any HostProgram
    ) -> CampaignError {
        if let name = contents(of: path).first {
            return CampaignError(
                "\(path) contains \(name), but no checkpoint, so the progress of the campaign is unknown; restore a copy of "
                    + "its checkpoint, or \(purpose.advice(nextAside(in: path), host))")
        }
        switch purpose {
        case .merging, .reporting:
            return CampaignError(
                "\(path) contains no campaign; name folders that were used with \(host.stateOption)")
        case .resuming:
            let isUsable =
                (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
                || !FileManager.default.fileExists(atPath: path)
            return CampaignError(
                "\(path) contains no campaign to resume; "
                    + (isUsable ? "leave out \(host.resumeOption) to start one there" : "name the folder of one"))
        }
    }

    private init(_ path: String, checkpoint: Checkpoint?, lock: StateLock, restarts: Bool) {
        self.path = path
        self.checkpoint = checkpoint
        self.lock = lock
        self.restarts = restarts
    }

    /// Reads a checkpoint; returns `nil` if it is missing or damaged.
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
                "\(path) has format \(number), but this bpf-patch-fuzz reads format \(Checkpoint.format), in which files or "
                    + "the cases of a seed differ; use the version that wrote it, or \(purpose.advice(nextAside(in: URL(fileURLWithPath: path).deletingLastPathComponent().path), host))"
            )
        }
    }

    /// Prepares the folder for a campaign: moves an old state to a subfolder and removes temporary files.
    ///
    /// - Throws: ``CampaignError`` if files cannot be moved or made
    func prepare() throws(CampaignError) {
        if restarts && !contents.isEmpty { try moveAside() }
        for folder in [path, crashes] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where StateFolder.isLeftOver(name, in: folder) { try? SystemCall.unlink("\(folder)/\(name)") }
        }
        try CrashFolder(path: crashes).check()
    }

    /// Saves a checkpoint; the previous one becomes `checkpoint.before`.
    ///
    /// A complete checkpoint exists at any time: the old one is linked as `checkpoint.before`, and rename(2) then
    /// replaces it.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written; the old checkpoints are then unchanged
    func save(_ checkpoint: Checkpoint) throws(CampaignError) {
        let bytes: Data
        do { bytes = try checkpoint.print() } catch { throw CampaignError("\(newest): \(error)") }
        // `checkpoint.before` is replaced only after the new file is on disk. On a full disk, both old files survive.
        try WholeFile.writeLasting(bytes, to: newest) { () throws(CampaignError) in
            if isNewestSound { try keepBefore() }
        }
        isNewestSound = true
        saved = checkpoint
    }

    /// Links the newest checkpoint as `checkpoint.before`.
    private func keepBefore() throws(CampaignError) {
        let spare = "\(path)/\(WholeFile.temporaryPrefix)before"
        try? SystemCall.unlink(spare)
        if (try? SystemCall.link(newest, as: spare)) != nil {
            try? SystemCall.rename(spare, to: before)
        } else if let old = FileManager.default.contents(atPath: newest) {
            // The file system has no hard links: copy.
            try WholeFile.writeLasting(old, to: before)
        }
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The existing files that a new campaign would overwrite; the checkpoints are last.
    private var contents: [String] { StateFolder.contents(of: path) }

    private static func contents(of path: String) -> [String] {
        let names = ["plot_data", "fuzzer_stats", "cmdline", "log", "crashes", "checkpoint.before", "checkpoint"]
        return names.filter { name in
            name == "crashes"
                ? !((try? FileManager.default.contentsOfDirectory(atPath: crashes(of: path))) ?? []).isEmpty
                : FileManager.default.fileExists(atPath: "\(path)/\(name)")
        }
    }

    /// The subfolder to which an old state is moved. It is inside the state folder, which may be a mount point.
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
            throw CampaignError("\(path): its contents cannot be moved to \(aside): \(error.reason)")
        }
        try WholeFile.synchronize(folder: path)
        Output.note("the campaign in \(path) was moved to \(aside)\n")
    }
}
