import ArgumentParser
import Campaign
import Foundation

/// `report`: writes a report of a state folder.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a report of the campaign in a state folder: a page to read, or another format.",
        usage: "bpf-patch-fuzz report <dir> --output <file> [<options>]",
        discussion: """
            The page has the summary, the rate and the findings over time, the targets, the coverage of a kernel's \
            rewrites, and each finding with its drawn case and the command that repeats it. It is one file without \
            scripts, and loads nothing from a network. The first 100 cases are drawn; each other finding has the text \
            of its case.

            The campaign may still run: the report is then of its last checkpoint, and says so. Nothing in the folder \
            is changed. Plug-ins of the campaign are loaded to draw their findings.

            Formats, for --format:
            \(formats)

            The exit status is 0 if the report is written, with or without findings.

            Example:
              bpf-patch-fuzz report campaign -o report.html
            """)

    private static let formats = ReportFormat.allCases.map { format in
        "  " + format.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) + format.summary
    }.joined(separator: "\n")

    @Argument(help: ArgumentHelp("The state folder of a campaign (--state).", valueName: "dir"))
    var state: String

    @Option(
        name: [.short, .long], help: ArgumentHelp("The file of the report; - is standard output.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("The format of the report. Default: html.", valueName: "name"))
    var format: ReportFormat = .html

    @OptionGroup var known: KnownOption

    func run() throws {
        do {
            let files = try ReportFiles([ReportFiles.File(format, output)])
            try files.write(
                try TestReport(ofState: state, known: known.file, host: Executable(), isDrawn: format == .html))
        } catch { throw stop(error) }
    }
}

extension ReportFormat: ExpressibleByArgument {}
