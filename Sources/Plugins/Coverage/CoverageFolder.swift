import Foundation
import Synchronization
import UserFiles

/// The folder in which the plug-ins of this process and of its children count.
package enum CoverageFolder {
    /// The environment variable that names the folder.
    private static let variable = "BPF_PATCHER_COVERAGE"
    /// The folder that this process has made.
    private static let made = Mutex<String?>(nil)

    /// Makes the folder. Plug-ins that are loaded from now on count in it. It is removed at the end of the process.
    ///
    /// - Throws: `FileError` if it cannot be made
    package static func begin() throws(FileError) {
        if made.withLock({ $0 != nil }) { return }
        let folder = try TemporaryFolder.make()
        made.withLock { $0 = folder }
        unsafe setenv(variable, folder, 1)
        atexit { CoverageFolder.end() }
    }

    /// Removes the folder.
    package static func end() {
        let folder = made.withLock { made in
            defer { made = nil }
            return made
        }
        if let folder { TemporaryFolder.remove(folder) }
    }

    /// The counts so far, by name. Plug-ins that do not count are left out.
    package static func read() -> [PluginCoverage] {
        guard let folder = made.withLock({ $0 }), let names = try? Folder.names(in: folder) else { return [] }
        return names.filter { $0.hasSuffix(".places") }.sorted().compactMap { name in
            let base = "\(folder)/\(name.dropLast("places".count))"
            guard let places = try? FileReader.bytes(of: base + "places"),
                let hits = try? FileReader.bytes(of: base + "hits")
            else { return nil }
            return PluginCoverage(places: String(decoding: places, as: UTF8.self), hits: hits)
        }
    }
}
