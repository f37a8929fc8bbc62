/// Which bpf-patch-fuzz this is; findings and states say so.
package enum Version {
    /// The number of the release.
    package static let number = "0.11.0"

    /// The commit that was built, or `nil` where neither a repository nor an archive of one was.
    ///
    /// - Source: the build plug-in `BuildCommit`
    package static var commit: String? { commitOfBuild.isEmpty ? nil : commitOfBuild }

    /// The number and the commit.
    package static var text: String { number + " (" + (commit.map { "commit \($0)" } ?? "commit unknown") + ")" }
}
