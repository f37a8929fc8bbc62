/// Files of findings that may not have reached the disk yet.
///
/// To wait for the disk at each of them would take longer than all else in the first seconds of a campaign. It is enough
/// that they are there before a checkpoint says so; what no checkpoint speaks of is made again.
final class FreshFiles {
    private var paths: Set<String> = []

    /// Notes a file that has just been written.
    func insert(_ path: String) { paths.insert(path) }

    /// Waits until all have reached the disk, and their names.
    ///
    /// - Throws: ``CampaignError`` when the disk fails
    /// - Complexity: O(files since the last time)
    func synchronize(folder: String) throws(CampaignError) {
        if paths.isEmpty { return }
        for path in paths { try WholeFile.synchronize(path) }
        try WholeFile.synchronize(folder: folder)
        paths = []
    }
}
