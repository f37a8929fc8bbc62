import ArgumentParser
import Campaign
import Fuzzing

/// `stats`: counts the patches of a model of the kernel by workload and size.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Count the patches that the kernel's rewrites would make in the programs of objects, and their sizes.",
        discussion: """
            Each workload is run on each program separately:
            \(WorkloadOptions.list)

            The workloads have no type and value information as the verifier has; each uses a simple rule instead, so \
            the numbers are similar to the kernel's, not equal. The length of a patch is the number of slots that \
            replace the instruction. If code is inserted before an instruction, the instruction counts too. A blinded \
            wide load is one patch of 7, while the kernel makes one of 4 and one of 3. A call without its spills and \
            fills is one patch of 1, while the kernel deletes them slot by slot. Edits are patches and deletions; \
            'p50' to 'max' are percentiles of the edits of a program, over all programs. 'too far' counts programs \
            with a jump out of the range of 16 bits.

            --json prints one object: objects, programs, slots, refused (lines), and workloads, an array of objects \
            with name, source, passes, patches, lengths, deletions, deleted_lengths (arrays of {length, count}), \
            programs_touched, slots_in, slots_out, growth, out_of_range, per_program {p50, p90, p99, max}, programs \
            (an array of {from, to, programs}: the number of programs with that many edits) and most_patched (an \
            array of {object, program, edits, slots_in, slots_out}).

            Objects of any compiler and of both byte orders are read. Those that cannot be read are listed on standard \
            error, and the others are counted. The exit status is 1 if none is readable.

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
