import ArgumentParser

/// The options of the report of a campaign.
struct ReportOptions: ParsableArguments {
    @Flag(help: "Also print a line for each bucket, and known findings.")
    var all = false

    @Flag(help: "Also print the report as one line of JSON, the last line of standard output.")
    var json = false

    @OptionGroup var files: ReportFileOptions
}
