import Foundation
import PackagePlugin

/// Writes the commit that is built to a Swift file.
///
/// The manifest could ask Git as well, but its result is cached until the manifest itself changes. The command of a
/// plug-in runs again when one of its inputs does: Git writes its log with every commit, checkout and reset.
@main
struct BuildCommit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let root = context.package.directoryURL
        let folder = root.appending(path: "Sources/BuildCommit")
        let script = folder.appending(path: "commit.sh")
        let archive = folder.appending(path: "archive.txt")
        let output = context.pluginWorkDirectoryURL.appending(path: "Commit.swift")
        let git = repository(of: root)
        let inputs = ["HEAD", "logs/HEAD", "packed-refs"].map { git.appending(path: $0) }.filter {
            FileManager.default.fileExists(atPath: $0.path)
        }
        return [
            .buildCommand(
                displayName: "Writing the commit", executable: URL(filePath: "/bin/sh"),
                arguments: [script.path, root.path, git.path, archive.path, output.path],
                inputFiles: [script, archive] + inputs, outputFiles: [output])
        ]
    }

    /// The folder of Git, which in a second work tree is named by a file.
    private func repository(of root: URL) -> URL {
        let git = root.appending(path: ".git")
        guard let text = try? String(contentsOf: git, encoding: .utf8), text.hasPrefix("gitdir: ") else { return git }
        let path = text.dropFirst("gitdir: ".count).trimmingCharacters(in: .whitespacesAndNewlines)
        return URL(filePath: path, relativeTo: root)
    }
}
