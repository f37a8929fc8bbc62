import ArgumentParser
import Campaign
import Foundation

/// The options for report files, and for the statuses of kselftest.
struct ReportFileOptions: ParsableArguments {
    @Option(
        name: .customLong("report"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Also write a report; may be repeated. Formats: \(formats). With -, it goes to standard output, and other \
            text to standard error.
            """, valueName: "format=file"), transform: file)
    var reports: [ReportFiles.File] = []

    @Flag(
        help: """
            Use the exit statuses of kselftest: 0 passed, 1 findings, 4 skipped, since the harness could not do its \
            work; and write its totals to KTAP reports.
            """)
    var kselftest = false

    private static let formats = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads a format and a file.
    ///
    /// - Throws: `ValidationError` that names the formats
    private static func file(_ word: String) throws -> ReportFiles.File {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let format = ReportFormat(rawValue: parts[0]) else {
            throw ValidationError("'\(parts[0])' is not a format; there are \(formats)")
        }
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ValidationError("no file is named; write \(parts[0])=FILE, or \(parts[0])=-")
        }
        return ReportFiles.File(format, parts[1])
    }

    mutating func validate() throws {
        if reports.count(where: \.isOutput) > 1 {
            throw ValidationError("--report: only one report can go to standard output")
        }
        let paths = reports.filter { !$0.isOutput }.map(\.path)
        if let path = paths.first(where: { path in paths.count { $0 == path } > 1 }) {
            throw ValidationError("--report: \(path) is named for two reports")
        }
    }

    /// True if a report goes to standard output.
    var usesOutput: Bool { reports.contains(where: \.isOutput) }

    /// The files, once it is known that they can be written.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    func files() throws(CampaignError) -> ReportFiles { try ReportFiles(reports) }

    /// Runs a command, and writes a report of its error if it fails before it has a result.
    ///
    /// - Parameters:
    ///   - command: the command without its options
    ///   - work: gets the files; returns the report, and the exit status that it ends with
    /// - Throws: the exit status unless it is 0, as kselftest defines it if that is wanted
    func run(_ command: String, _ work: (ReportFiles) throws -> (report: TestReport, status: ExitCode)) throws {
        let began = Date()
        var status: ExitCode
        do {
            let files = try files()
            do {
                var (report, result) = try work(files)
                status = result
                report.isKselftest = kselftest
                try files.write(report)
            } catch let error as CampaignError where !error.isWrongUse && !files.isEmpty {
                var report = TestReport(command: command, failure: error.description, began: began)
                report.isKselftest = kselftest
                status = stop(error)
                try files.write(report)
            }
        } catch let code as ExitCode { status = code } catch { status = stop(error) }
        if kselftest { status = status == .findings ? .failure : status == .failure ? .kselftestSkip : status }
        if status != .success { throw status }
    }
}

extension ExitCode {
    /// The test was skipped.
    ///
    /// - Source: `KSFT_SKIP` in Linux, `tools/testing/selftests/kselftest.h`
    static let kselftestSkip = ExitCode(4)
}
