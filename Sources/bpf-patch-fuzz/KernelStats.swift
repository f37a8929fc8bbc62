import ArgumentParser
import Campaign

/// `kernel stats`: how many patches of which sizes the running kernel makes.
struct KernelStats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract:
            "Count the patches that the running kernel makes in the programs of objects, and their sizes, by rewrite.",
        discussion: """
            Programs are loaded as by 'kernel load', and counted are the patches that the check finds in what came back. \
            'stats' counts the patches of a plain imitation of the kernel, without a kernel.

            A patch's length is that of what stands in place of the instruction, which counts too where code is put in \
            front of it. Dead code that is removed at once is one deletion, a nop another. Edits are patches and deletions; \
            'p50' and so on are edits a program, over all programs.

            --json prints one object: kernel (its release), objects, programs, slots, refused and left_out (lines), and \
            loads, an array of two objects with way (plain, then rnd_hi32: with BPF_F_TEST_RND_HI32), programs, in_place \
            (how many instructions were changed without a patch, by rewrite) and rewrites, an array of objects as in the \
            workloads of 'stats', the first of them for all rewrites together.

            Objects and programs that are not loaded are named on standard error, and so are those in which the check does \
            not understand something, which are not counted: see 'kernel load'. The exit status is 1 when nothing is left, or something that was \
            named is not there or cannot be read.

            Example:
              bpf-patch-fuzz kernel stats /usr/lib/x86_64-linux-gnu/bpf
            """)

    @Argument(help: ArgumentHelp("ELF objects, or folders of them.", valueName: "path"))
    var paths: [String]

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
        let statistics: KernelPatchStatistics
        do {
            statistics = try KernelPatchStatistics(paths: paths)
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
