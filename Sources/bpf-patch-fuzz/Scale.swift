import ArgumentParser
import Campaign
import Foundation

/// `scale`: the cost of many patches.
struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the time of each patcher for thousands to a million patches.",
        usage: "bpf-patch-fuzz scale [<options>]",
        discussion: """
            One patch an instruction, each makes two of one and keeps the original, and every eighth instruction is a \
            jump; the numbers are those of the July 2019 series, and a million. All patchers run in turn and the \
            fastest run of each counts; a copy of the result is measured beside them. Every result is compared with \
            the rules first, and a wrong one ends the command with status 77.

            kernel-array adjusts every branch after each edit as the kernel does, but knows where branches are; the kernel \
            looks at every instruction to find them, and takes that much longer.

            A patcher cannot be stopped in the middle. Where fewer patches foretell more than the limit, it is not \
            started; its time is then extrapolated from two smaller sizes as a n + b n², and marked with ~.

            A plug-in is measured beside the built-in patchers; its time is that of the call alone. It must be able to keep an \
            instruction and a jump.

            Example:
              bpf-patch-fuzz scale --patches 15000 --patches 1000000 --plot scale.svg
            """)

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "How many patches; may be repeated. Default: 15000, 45000, 95000, 195000 and 1000000.", valueName: "n"),
        transform: NumberOption.count(in: 1...10_000_000))
    var patches: [Int] = []

    @OptionGroup var patchers: PatcherOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The time of a run from which on it is extrapolated instead: seconds, or as 500ms.", valueName: "time"),
        transform: NumberOption.time(from: 0.001))
    var limit = 10.0

    @Option(help: ArgumentHelp("Draw the lines to an SVG file, both axes logarithmic.", valueName: "file"))
    var plot: String?

    @Flag(
        help: """
            Print an array of objects with patches, patcher, seconds, ns_per_patch, ratio_to_copy and extrapolated \
            instead of the table.
            """)
    var json = false

    func run() throws {
        do {
            // Plug-ins are measured beside the built-in designs, unless some of these are named.
            let choices =
                (patchers.names.isEmpty ? PatcherChoice.builtIn : [])
                + (try patchers.chosen()).filter {
                    !patchers.names.isEmpty || $0.plugin != nil
                }
            for choice in choices where !choice.capabilities.contains(.keepJump) {
                throw CampaignError(
                    "\(choice.name) cannot keep a jump in a patch (keep-jump), which the passes of scale demand")
            }
            try confine(choices)
            // Before the minutes that measuring takes.
            if let plot { try CrashFolder.checkWritable(plot) }
            var measurement = ScaleMeasurement(choices.map { $0.make() }, limit: limit)
            let rows: [ScaleRow]
            do { rows = try measurement.run(patches.isEmpty ? ScaleMeasurement.sizes : patches) } catch {
                complain("error: \(error)")
                throw ExitCode.findings
            }
            if let plot { try CrashFolder.write(ScalePlot(rows).svg, to: plot) }
            if json { try Output.json(rows) } else { try Output.write(ScaleTable.print(rows, limit: limit)) }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }
}
