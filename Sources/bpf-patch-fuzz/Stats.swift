import ArgumentParser
import Campaign
import Fuzzing

/// `stats`: how many patches of which sizes.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Count the patches that the kernel's rewrites would make in the programs of objects, and their sizes.",
        discussion: """
            Each program goes through each workload by itself:
            \(WorkloadOptions.list)

            The verifier's knowledge of types and values is missing; each workload uses a plain rule instead, so \
            the numbers are of the kernel's kind, not the kernel's. A patch's length is that of what stands in place of the \
            instruction, which counts too where code is put in front of it. A blinded wide load is one patch of 7, where the \
            kernel makes one of 4 and one of 3; a call without what was saved around it is one of 1, where it deletes slot \
            by slot. Edits are patches and deletions; 'p50' and so \
            on are edits a program, over all programs; 'too far' are programs in which a jump no longer fits 16 bits.

            --json prints one object: objects, programs, slots, refused (lines), and workloads, an array of objects with \
            name, source, passes, patches, lengths, deletions, deleted_lengths (arrays of {length, count}), \
            programs_touched, slots_in, slots_out, growth, out_of_range, per_program {p50, p90, p99, max}, programs \
            (an array of {from, to, programs}: how many have so many edits) and most_patched (an array of {object, program, \
            edits, slots_in, slots_out}).

            Objects that cannot be read are named on standard error, and the rest is counted; the exit status is 1 when \
            nothing can be read.

            Example:
              bpf-patch-fuzz stats /usr/lib/x86_64-linux-gnu/bpf --workload verifier
            """)

    @Argument(help: ArgumentHelp("ELF objects, or folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var workloads: WorkloadOptions

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
        do {
            let chosen = workloads.chosen.isEmpty ? Workload.allCases : workloads.chosen
            let statistics = try PatchStatistics(paths: paths, workloads: chosen)
            for refusal in statistics.refused { complain("skipped: \(refusal)") }
            if json { try Output.json(statistics) } else { try Output.write(statistics.text) }
        } catch { throw stop(error) }
    }
}
