import Foundation
import TestSupport
import Testing

@testable import Campaign

/// A campaign with a state folder, run by the tool in one or more sessions.
struct KeptCampaign {
    /// The result, which must not depend on sessions and jobs.
    struct Result: Equatable {
        var cases: Int
        /// A line for each bucket: name, lowest index, hits and size.
        var findings: [String]
        var files: [String: String]
    }

    let folder: Tool.Folder
    let arguments: [String]
    /// The words of its command line.
    let command: [String]

    /// Makes a campaign without starting it.
    init(_ arguments: [String], command: [String] = ["run"]) throws {
        folder = try Tool.Folder()
        // The campaign does not test hangs, so that a case may take long.
        self.arguments = (command == ["run"] && !arguments.contains("--timeout") ? Tool.patiently : []) + arguments
        self.command = command
    }

    /// Its state folder.
    var state: String { folder.path + "/state" }

    /// The number of cases in the checkpoint.
    var progress: Int {
        let text = (try? String(contentsOfFile: state + "/checkpoint", encoding: .utf8)) ?? ""
        return text.firstMatch(of: #/"cases":([0-9]+)/#).flatMap { Int($0.output.1) } ?? 0
    }

    var hasBegun: Bool { FileManager.default.fileExists(atPath: state + "/checkpoint") }

    /// Starts or resumes it.
    @discardableResult
    func run(_ others: [String] = [], meanwhile: (TestProcess) throws -> Void = { _ in }) throws -> Tool.Outcome {
        let words = hasBegun ? ["--resume"] : arguments
        return try Tool.run(command + ["--state", state, "--json"] + words + others, meanwhile: meanwhile)
    }

    /// Starts or resumes it, and sends a signal when the checkpoint has more cases than before.
    @discardableResult
    func runOn(_ others: [String] = [], until signal: Int32 = SIGINT) throws -> Tool.Outcome {
        let before = progress
        return try run(others) { process in
            try Tool.wait(for: "more than \(before) cases in \(state)", of: process) { progress > before }
            kill(process.processIdentifier, signal)
        }
    }

    /// Changes the elapsed time of the campaign, which replaces waiting.
    func setTime(_ seconds: Double) throws {
        let folder = try StateFolder.open(state, host: Tool.host)
        var checkpoint = try #require(folder.checkpoint)
        checkpoint.parts[0].seconds = seconds
        try folder.save(checkpoint)
    }

    /// The contents of the report and of the folder of findings, with file names relative to the state.
    func result(_ outcome: Tool.Outcome) throws -> Result {
        let report = try outcome.report()
        let findings = report["findings"] as? [[String: Any]] ?? []
        return Result(
            cases: report["cases"] as? Int ?? -1,
            findings: findings.map { finding in
                ["bucket", "index", "sightings", "passes", "edits", "insns", "patch_insns"].map {
                    "\(finding[$0] ?? "")"
                }.joined(separator: " ")
            },
            // The first finding makes the folder.
            files: FileManager.default.fileExists(atPath: state + "/crashes")
                ? try Tool.Folder.texts(in: state + "/crashes") : [:])
    }

    /// Merges the states of campaigns.
    ///
    /// An optimized build removes the folder of a campaign after its last use, so this keeps the campaigns alive meanwhile.
    static func merge(_ campaigns: [KeptCampaign], into output: String) throws -> Tool.Outcome {
        defer { withExtendedLifetime(campaigns) {} }
        return try Tool.run(["merge"] + campaigns.map(\.state) + ["-o", output, "--json"])
    }

    /// The result of an undisturbed run.
    static func undisturbed(_ arguments: [String]) throws -> Result {
        let campaign = try KeptCampaign(arguments)
        return try campaign.result(campaign.run())
    }
}
