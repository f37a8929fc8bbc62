import Foundation
import TestSupport
import Testing

/// A campaign as a Slurm job array and as a Kubernetes Indexed Job; skipped where a script of `Tests/Clusters` skips.
@Suite(.serialized) struct ClusterTests {
    /// The status of a script that was skipped.
    private static let skipped: Int32 = 4

    @Test(arguments: ["slurm", "kubernetes"]) func shardsAreOneCampaign(_ name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let script = root.appendingPathComponent("Tests/Clusters/test-\(name)").path
        let run = try TestProcess.run([script, TestProcess.tool])
        if run.status == Self.skipped {
            print(run.errors)
            return
        }
        #expect(run.status == 0 && run.output.hasSuffix("\(name): passed\n"), "\(run.output) \(run.errors)")
    }
}
