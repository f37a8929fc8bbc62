/// The files of findings that need an `fsync` before the next checkpoint.
///
/// One `fsync` for each file would dominate the first seconds of a campaign. A file must be on disk only before a
/// checkpoint that refers to it; otherwise the finding is written again.
final class FreshFiles {
    private var paths: Set<String> = []

    /// Adds a file that was written.
    func insert(_ path: String) { paths.insert(path) }

    /// Calls `fsync` for all files and their folder.
    ///
    /// - Throws: ``CampaignError`` if the disk fails
    /// - Complexity: O(files since the last call)
    func synchronize(folder: String) throws(CampaignError) {
        if paths.isEmpty { return }
        for path in paths { try WholeFile.synchronize(path) }
        try WholeFile.synchronize(folder: folder)
        paths = []
    }
}
