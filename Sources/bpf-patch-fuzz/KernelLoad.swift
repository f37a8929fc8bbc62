import ArgumentParser
import Campaign

/// `kernel load`: loads programs of objects into the running kernel and checks the rewritten code.
struct KernelLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load the programs of objects into the running kernel and check the rewritten code.",
        usage: "bpf-patch-fuzz kernel load <path> ... [<options>]",
        discussion: """
            libbpf loads each program separately, with the maps and relocations of its object: once without flags and \
            once with BPF_F_TEST_RND_HI32. The program is read back. Every jump and call must reach the same target as \
            before, and every subprogram and line must start at the same instruction. No program is run, attached or \
            pinned. Dead code is read from the verifier's log.

            Each object is loaded in a child process. An object on which libbpf crashes, or for which it needs more than \
            two minutes a program, is skipped with the reason. Static programs and maps in sections of libbpf 0.x are \
            loaded from a copy that libbpf accepts, and PROG_ARRAYs that the object fills are left empty.

            --type, --attach-type and --target-program are for programs whose section does not name them.

            A program that cannot be loaded, for example without its attach target, is listed with the reason. This is \
            not an error. A program with code that the checker does not understand is also listed with a bucket; it is \
            neither right nor wrong.

            --json prints one object: kernel (its release), objects, programs, refused (an array of {object, program, \
            reason}), loads (an array of {way, loaded, checked, without_log, without_records, patches, deletions, \
            slots_in, slots_out}, way being plain or rnd_hi32), not_understood and findings (arrays of {object, \
            program, way, bucket, sentence, known, detail, listing}) and seconds.

            The exit status is 77 if there are findings. Else it is 1 if code is not understood, no program is \
            loaded, a named file is missing or unreadable, or a capability is missing. Buckets of --known do not \
            affect it.

            Examples:
              bpf-patch-fuzz kernel load /usr/lib/x86_64-linux-gnu/bpf
              bpf-patch-fuzz kernel load --type sched_cls classifier.o
              bpf-patch-fuzz kernel load --target-program dispatcher.o:main slot.o
            """)

    @Argument(help: ArgumentHelp("ELF objects, or folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var types: LoadTypeOptions

    @Flag(help: "Print one line of JSON instead of text.")
    var json = false

    @OptionGroup var known: KnownOption

    @OptionGroup var unexplained: UnexplainedOption

    @OptionGroup var files: ReportFileOptions

    func run() throws {
        try files.run("kernel load") { _ in
            let list = try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            let report = try KernelLoadReport(
                paths: paths, known: list ?? KnownBuckets(), options: types.chosen, host: Executable())
            if json { try Output.json(report) } else { try Output.write(report.text) }
            let errors = report.unusable + (unexplained.isAllowed ? [] : report.unexplained.map { [$0] } ?? [])
            for line in errors { complain("error: \(line)") }
            let status: ExitCode = report.hasNews ? .findings : errors.isEmpty ? .success : .failure
            return (TestReport(report, command: "kernel load", host: Executable()), status)
        }
    }
}
