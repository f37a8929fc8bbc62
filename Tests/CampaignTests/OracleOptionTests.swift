import BPF
import Foundation
import Fuzzing
import Patching
import Testing

@testable import Campaign

/// The option `--oracle` of all commands.
@Suite struct OracleOptionTests {
    private static let reference = ["--oracle", "reference"]

    /// The output to compare: a line for each bucket, and the files.
    private static func run(
        _ patcher: String, _ others: [String]
    ) throws -> (lines: [String], files: [String: String]) {
        let folder = try Tool.Folder()
        let outcome = try Tool.run(
            ["run", "--seed", "7", "--cases", "400", "--patcher", patcher, "--json", "--crashes", folder.path] + others
                + Tool.patiently)
        let report = try outcome.report()
        #expect(outcome.status == 77, "\(outcome)")
        let words = report["arguments"] as? [String] ?? []
        let isGiven = zip(words, words.dropFirst()).contains { [$0.0, $0.1] == reference }
        #expect(isGiven == !others.isEmpty, "\(words)")
        let findings = report["findings"] as? [[String: Any]] ?? []
        let keys = ["bucket", "sentence", "index", "sightings", "insns"]
        let lines = findings.map { finding in keys.map { "\(finding[$0] ?? "")" }.joined(separator: " ") }
        return (lines, try folder.texts())
    }

    /// Both oracles have the same buckets and write the same files.
    @Test(arguments: ["planted-back-jump", "planted-lost-aux"]) func bothOraclesAgree(_ patcher: String) throws {
        let fast = try Self.run(patcher, [])
        let reference = try Self.run(patcher, Self.reference)
        #expect(fast.lines == reference.lines && fast.lines.count > 10)
        #expect(fast.files == reference.files && fast.files.count > 10)
    }

    /// The oracle is part of the configuration of a campaign.
    @Test func aResumedCampaignKeepsItsOracle() throws {
        let arguments = ["--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux"]
        let campaign = try KeptCampaign(arguments + Self.reference)
        try campaign.run()
        let other = try campaign.run(["--oracle", "fast"])
        #expect(other.status == 64 && other.errors.contains("--oracle"), "\(other)")
        let more = try campaign.run(["--cases", "40"])
        let words = try more.report()["arguments"] as? [String] ?? []
        #expect(words.contains("--oracle") && words.contains("reference"), "\(words)")
        #expect(try more.report()["cases"] as? Int == 40)
    }

    /// The reference can judge a case in every command that takes one.
    @Test func aCaseIsJudgedByTheReference() throws {
        let folder = try Tool.Folder()
        _ = try Tool.run(
            ["run", "--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux", "--crashes", folder.path]
                + Tool.patiently)
        let name = try #require(try folder.texts().keys.filter { $0.hasSuffix(".case") }.min())
        let file = folder.path + "/" + name
        for command in [["replay", file], ["show", file], ["minimize", file]] {
            let fast = try Tool.run(command + Tool.patiently)
            let outcome = try Tool.run(command + Self.reference + Tool.patiently)
            #expect(outcome.output == fast.output && outcome.status == fast.status, "\(command)")
            #expect(!outcome.output.isEmpty, "\(command)")
        }
        #expect(try Tool.run(["replay", file] + Self.reference).status == 77)
    }

    /// The expectation of a stored case comes from the reference, if that is the judge.
    @Test func aStoredCaseHasTheExpectationOfTheReference() {
        var c = Case(program: Program(insns: [Instruction(code: Opcode.exit)]), passes: [Pass()])
        func oracle(_ oracleOptions: OracleOptions) -> Oracle {
            OutOfProcessJudge(.patchers(PatcherTarget(oracleOptions: oracleOptions)), host: Tool.host).oracle(for: c)
        }
        #expect(oracle(OracleOptions()) == .fast)
        #expect(oracle(OracleOptions(oracle: .reference)) == .reference)
        c.target = Finding.oracleTarget
        #expect(oracle(OracleOptions()) == .reference)
    }

    /// A case with a finding of the oracle is judged by the reference without an option.
    @Test func aCaseAgainstTheOracleIsJudgedByBoth() {
        var c = Case(program: .init(insns: []), passes: [])
        #expect(OracleOptions().applying(to: c).oracle == .fast)
        #expect(OracleOptions(oracle: .reference).applying(to: c).oracle == .reference)
        c.target = Finding.oracleTarget
        #expect(OracleOptions().applying(to: c).oracle == .reference)
    }
}
