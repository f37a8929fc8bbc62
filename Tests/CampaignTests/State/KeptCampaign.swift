import Foundation
import Testing

@testable import Campaign

/// A campaign in a folder of its own, run by the tool as often as it takes.
struct KeptCampaign {
    /// What must not depend on how a campaign was run.
    struct Result: Equatable {
        var cases: Int
        /// A line a bucket: name, lowest index, sightings and size.
        var findings: [String]
        var files: [String: String]
    }

    let folder: Tool.Folder
    let arguments: [String]
    /// The words of the command that runs it.
    let command: [String]

    /// Names a campaign that has not begun.
    init(_ arguments: [String], command: [String] = ["run"]) throws {
        folder = try Tool.Folder()
        // A case that is not about hangs may take as long as it wants.
        self.arguments = (command == ["run"] && !arguments.contains("--timeout") ? Tool.patiently : []) + arguments
        self.command = command
    }

    /// Where its state is.
    var state: String { folder.path + "/state" }

    /// How many cases are safe.
    var progress: Int {
        let text = (try? String(contentsOfFile: state + "/checkpoint", encoding: .utf8)) ?? ""
        return text.firstMatch(of: #/"cases":([0-9]+)/#).flatMap { Int($0.output.1) } ?? 0
    }

    var hasBegun: Bool { FileManager.default.fileExists(atPath: state + "/checkpoint") }

    /// Begins, or goes on.
    @discardableResult
    func run(_ others: [String] = [], meanwhile: (Process) throws -> Void = { _ in }) throws -> Tool.Outcome {
        let words = hasBegun ? ["--resume"] : arguments
        return try Tool.run(command + ["--state", state, "--json"] + words + others, meanwhile: meanwhile)
    }

    /// Begins, or goes on, and ends with a signal as soon as more cases are safe than before.
    @discardableResult
    func runOn(_ others: [String] = [], until signal: Int32 = SIGINT) throws -> Tool.Outcome {
        let before = progress
        return try run(others) { process in
            try Tool.wait(for: "more than \(before) cases in \(state)", of: process) { progress > before }
            kill(process.processIdentifier, signal)
        }
    }

    /// Changes the time that the campaign has run so far, instead of waiting.
    func setTime(_ seconds: Double) throws {
        let folder = try StateFolder.open(state, host: Tool.host)
        var checkpoint = try #require(folder.checkpoint)
        checkpoint.parts[0].seconds = seconds
        try folder.save(checkpoint)
    }

    /// What the report and the folder of findings say; files are named in relation to the state.
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
            // It is made for the first finding.
            files: FileManager.default.fileExists(atPath: state + "/crashes")
                ? try Tool.Folder.texts(in: state + "/crashes") : [:])
    }

    /// The result of an undisturbed run.
    static func undisturbed(_ arguments: [String]) throws -> Result {
        let campaign = try KeptCampaign(arguments)
        return try campaign.result(campaign.run())
    }
}
