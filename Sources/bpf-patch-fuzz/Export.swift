import ArgumentParser
import Campaign
import Foundation

/// `export`: writes a case in a form for other programs.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a case as a C program, JSON, assembler text, or a test for the kernel's selftests.",
        usage: "bpf-patch-fuzz export <file> --format <name> [-o <file>]",
        discussion: """
            Formats, for --format:
            \(formats)

            The C program of a case for patchers needs no other file. It loads a shared object that exports \
            bpf_patcher_v1(), puts the passes through it, and prints each difference from the right result. Its exit \
            status is 1 if a result is wrong, and 0 if all are right. The C program of a case that was found in a \
            kernel loads the program with libbpf.

            A test for the selftests has __xlated lines with the right result, or __retval. It is refused for a \
            program that libbpf would load in another form: with maps, kernel functions, or subprograms in another order.

            Example: a finding, and a patcher that may have its fault:
              bpf-patch-fuzz export finding.case --format c -o finding.c
              cc -o finding finding.c -ldl && ./finding ./patcher.so

            A test to send with the fix of a kernel:
              bpf-patch-fuzz export finding.case --format selftest
            """)

    private static let formats = ExportFormat.allCases.map { format in
        let lines = OutputWidth.wrap(format.summary, to: 64).split(separator: "\n")
        return lines.enumerated().map { number, line in
            "  " + (number == 0 ? format.rawValue : "").padding(toLength: 10, withPad: " ", startingAt: 0) + line
        }.joined(separator: "\n")
    }.joined(separator: "\n")

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    @Option(help: ArgumentHelp("The format: c, json, asm or selftest.", valueName: "name"))
    var format: ExportFormat

    @Option(name: .shortAndLong, help: "The file to write. Default: standard output.")
    var output: String?

    func run() throws {
        do {
            if let output { try WholeFile.checkWritable(output) }
            let c = try CaseSource.single(file)
            let name = output.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "finding.c"
            let text = try format.text(of: c, file: file, name: name)
            if let output { try WholeFile.write(text, to: output) } else { try Output.write(text) }
        } catch { throw stop(error) }
    }
}

extension ExportFormat: ExpressibleByArgument {}
