import ArgumentParser
import Campaign
import Fuzzing

/// The name of a workload on the command line, or all of them.
enum WorkloadChoice: Hashable, ExpressibleByArgument {
    case all
    case one(Workload)

    /// Reads a name.
    init?(argument: String) {
        if argument == "all" {
            self = .all
        } else if let workload = Workload(rawValue: argument) {
            self = .one(workload)
        } else {
            return nil
        }
    }

    /// The names that an error lists.
    static var allValueStrings: [String] { Workload.allCases.map(\.name) + ["all"] }
}

/// The option that chooses workloads.
struct WorkloadOptions: ParsableArguments {
    @Option(
        name: .customLong("workload"),
        help: ArgumentHelp(
            "A kind of edits of the kernel, or 'all' in turn; may be repeated.", valueName: "name"))
    var names: [WorkloadChoice] = []

    /// The chosen workloads, sorted so that equal sets are the same campaign.
    var chosen: [Workload] {
        Workload.allCases.filter { names.contains(.all) || names.contains(.one($0)) }
    }

    /// The list of workloads for a help text, with indented continuation lines.
    static var list: String {
        let width = Workload.allCases.map(\.name.count).max() ?? 0
        return Workload.allCases.map { workload in
            let line =
                "  " + workload.name + String(repeating: " ", count: width - workload.name.count) + "  "
                + workload.summary
            return OutputWidth.wrap(line, to: OutputWidth.help, indent: width + 2)
        }.joined(separator: "\n")
    }
}
