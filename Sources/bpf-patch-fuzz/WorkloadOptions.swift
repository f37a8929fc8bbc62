import ArgumentParser
import Campaign
import Fuzzing

/// A workload by its name on the command line, or all of them.
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
            "Edits as the kernel makes them, or 'all' of these in turn; may be repeated.", valueName: "name"))
    var names: [WorkloadChoice] = []

    /// Each of them once, in the order of the list, so that the same set is the same campaign.
    var chosen: [Workload] {
        Workload.allCases.filter { names.contains(.all) || names.contains(.one($0)) }
    }

    /// The list for the help of a command: a line each, set in where it continues.
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
