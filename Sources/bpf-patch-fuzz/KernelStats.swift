import ArgumentParser
import Campaign

/// `kernel stats`: counts the patches of the running kernel by rewrite and size.
struct KernelStats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract:
            "Count the patches that the running kernel makes in the programs of objects, and their sizes, by rewrite.",
        usage: "bpf-patch-fuzz kernel stats <path> ... [<options>]",
        discussion: """
            Programs are loaded as by 'kernel load', and the patches are counted that the checker finds in the \
            rewritten programs. 'stats' counts the patches of a simple model of the kernel, without loading programs.

            The length of a patch is the number of slots that replace the instruction. If code is inserted before an \
            instruction, the instruction counts too. A range of dead code removed at once is one deletion, and each \
            removed nop is one. Edits are patches and deletions; 'p50' to 'max' are percentiles of the edits of a \
            program, over all programs.

            --json prints one object: kernel (its release), objects, programs, slots, refused and left_out (lines), \
            and loads, an array of two objects with way (plain, then rnd_hi32: with BPF_F_TEST_RND_HI32), programs, \
            in_place (the number of instructions changed without a patch, by rewrite) and rewrites, an array of \
            objects as in the workloads of 'stats'; the first of them is the sum of all rewrites.

            Objects and programs that cannot be loaded are listed on standard error. So are programs with code that \
            the checker does not understand, which are not counted; see 'kernel load'. The exit status is 1 if no \
            program is left, or a named file is missing or unreadable.

            Example:
              bpf-patch-fuzz kernel stats /usr/lib/x86_64-linux-gnu/bpf
            """)

    @Argument(help: ArgumentHelp("ELF objects, or folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var types: LoadTypeOptions

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
        let statistics: KernelPatchStatistics
        do {
            statistics = try KernelPatchStatistics(paths: paths, options: types.chosen, host: Executable())
            for refusal in statistics.refused where !statistics.unusable.contains(refusal) {
                complain("skipped: \(refusal)")
            }
            for program in statistics.leftOut { complain("not counted: \(program)") }
            if json { try Output.json(statistics) } else { try Output.write(statistics.text) }
        } catch { throw stop(error) }
        for line in statistics.unusable { complain("error: \(line)") }
        if !statistics.unusable.isEmpty { throw ExitCode.failure }
    }
}
