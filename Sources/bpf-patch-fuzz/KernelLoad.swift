import ArgumentParser
import Campaign

/// `kernel load`: programs of objects through the running kernel.
struct KernelLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load the programs of objects into the running kernel and check the rewritten code.",
        discussion: """
            libbpf loads each program by itself, with all maps of its object and all relocations, once as it is and once \
            with BPF_F_TEST_RND_HI32. It is read back, and every jump, call, subprogram and line must be where it was \
            before. Nothing is run, attached or pinned. Dead code is known from the verifier's log.

            A program that is not loaded, as one whose attach target is not there, is named with the reason and counted; \
            that is no error. So are places that the check does not understand: such a program is neither right nor wrong.

            --json prints one object: kernel (its release), objects, programs, refused (an array of {object, program, \
            reason}), loads (an array of {way, loaded, checked, without_log, without_records, patches, deletions, slots_in, slots_out}, \
            way being plain or rnd_hi32), not_understood and findings (arrays of {object, program, way, bucket, \
            sentence, detail, listing}) and seconds.

            The exit status is 77 with findings, and else 1 when no program is loaded, something that was named is not \
            there or cannot be read, or the right to load is missing.

            Example:
              bpf-patch-fuzz kernel load /usr/lib/x86_64-linux-gnu/bpf
            """)

    @Argument(help: ArgumentHelp("ELF objects, or folders of them.", valueName: "path"))
    var paths: [String]

    @Flag(help: "Print one line of JSON instead of text.")
    var json = false

    func run() throws {
        let report: KernelLoadReport
        do {
            report = try KernelLoadReport(paths: paths)
            if json { try Output.json(report) } else { try Output.write(report.text) }
        } catch { throw stop(error) }
        for line in report.unusable { complain("error: \(line)") }
        if !report.findings.isEmpty { throw ExitCode.findings }
        if !report.unusable.isEmpty { throw ExitCode.failure }
    }
}
