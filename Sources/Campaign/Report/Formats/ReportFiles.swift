/// The report files of one command.
package struct ReportFiles: Sendable {
    /// A file in one format.
    package struct File: Hashable, Sendable {
        package var format: ReportFormat
        /// `-` for standard output.
        package var path: String

        package var isOutput: Bool { path == "-" }

        package init(_ format: ReportFormat, _ path: String) {
            self.format = format
            self.path = path
        }
    }

    package var files: [File]

    /// Checks that all files can be written, before the work that they report, and reserves standard output if a
    /// report goes there.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package init(_ files: [File]) throws(CampaignError) {
        self.files = files
        for file in files where !file.isOutput { try WholeFile.checkWritable(file.path) }
        if files.contains(where: \.isOutput) { Output.reserveForReport() }
    }

    package var isEmpty: Bool { files.isEmpty }

    /// True if a report contains the drawn cases.
    package var needsPictures: Bool { files.contains { $0.format == .html } }

    /// Writes a report to all files.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package func write(_ report: TestReport) throws(CampaignError) {
        var report = report
        if files.contains(where: \.format.needsCases) { report.readCases() }
        for file in files {
            let text = file.format.text(report)
            if file.isOutput { try Output.report(text) } else { try WholeFile.write(text, to: file.path) }
        }
    }
}
