/// The version of bpf-patch-fuzz, which is written to findings and states.
package enum Version {
    /// The number of the release.
    package static let number = "0.11.0"

    /// The commit of the build, or `nil` if it was built from neither a repository nor an archive of one.
    ///
    /// - Source: the build plug-in `BuildCommit`
    package static var commit: String? { commitOfBuild.isEmpty ? nil : commitOfBuild }

    /// The number and the commit.
    package static var text: String { number + " (" + (commit.map { "commit \($0)" } ?? "commit unknown") + ")" }
}
