import ArgumentParser
import Campaign
import Foundation

/// `scale`: measures the time of many patches.
struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the time of each patcher for thousands to a million patches.",
        usage: "bpf-patch-fuzz scale [<options>]",
        discussion: """
            Every instruction is patched: the patch has two instructions and keeps the original. Every eighth \
            instruction is a jump. The numbers of patches are those of the July 2019 series, and a million. All \
            patchers run in turn, and the fastest run of each counts. The time to copy the result is measured for \
            comparison. Every result is first compared with the oracle's; a wrong one ends the command with status 77.

            kernel-array adjusts every branch after each edit like the kernel, but has a list of the branches. The \
            kernel scans all instructions for them, and is slower by that.

            A run cannot be interrupted. If smaller sizes predict a time above the limit, the patcher is not started; \
            its time is extrapolated from two smaller sizes as a n + b n² and marked with ~.

            Plug-ins are measured together with the built-in patchers, without the cost of the plug-in interface. A \
            plug-in must support kept instructions and kept jumps.

            Example:
              bpf-patch-fuzz scale --patches 15000 --patches 1000000 --plot scale.svg
            """)

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The number of patches; may be repeated. Default: 15000, 45000, 95000, 195000 and 1000000.", valueName: "n"),
        transform: NumberOption.count(in: 1...10_000_000))
    var patches: [Int] = []

    @OptionGroup var patchers: PatcherOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The longest run; longer times are extrapolated: seconds, or 500ms.", valueName: "time"),
        transform: NumberOption.time(from: 0.001))
    var limit = 10.0

    @Option(help: ArgumentHelp("An SVG file for a plot with logarithmic axes.", valueName: "file"))
    var plot: String?

    @Flag(
        help: """
            Print an array of objects with patches, patcher, seconds, ns_per_patch, ratio_to_copy and extrapolated \
            instead of the table.
            """)
    var json = false

    func run() throws {
        do {
            // Without --patcher, plug-ins are measured together with all built-in patchers.
            let choices =
                (patchers.names.isEmpty ? PatcherChoice.builtIn : [])
                + (try patchers.chosen()).filter {
                    !patchers.names.isEmpty || $0.plugin != nil
                }
            try refuseKernelPasses(choices, in: Self._commandName)
            for choice in choices where !choice.capabilities.contains(.keepJump) {
                throw CampaignError(
                    "\(choice.name) does not support keep-jump (a kept jump in a patch), which 'scale' needs")
            }
            try confine(choices)
            // Checked first, since measuring takes minutes.
            if let plot { try WholeFile.checkWritable(plot) }
            var measurement = ScaleMeasurement(choices.map { $0.make() }, limit: limit)
            let rows: [ScaleRow]
            do { rows = try measurement.run(patches.isEmpty ? ScaleMeasurement.sizes : patches) } catch {
                complain("error: \(error)")
                throw ExitCode.findings
            }
            if let plot { try WholeFile.write(ScalePlot(rows).svg, to: plot) }
            if json { try Output.json(rows) } else { try Output.write(ScaleTable.print(rows, limit: limit)) }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }
}
