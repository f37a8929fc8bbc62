import ArgumentParser
import Campaign

/// `corpus`: the commands for the corpora of fuzzing engines.
struct Corpus: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy cases between corpora of libFuzzer or AFL++ and case files.",
        subcommands: [CorpusExport.self, CorpusImport.self])
}

/// The options of both directions.
struct CorpusOptions: ParsableArguments {
    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder to write to; it is made if needed.", valueName: "dir"))
    var output: String

    @OptionGroup var patchers: PatcherOptions

    @Flag(help: "Print the counts as one line of JSON.")
    var json = false

    /// Copies, and prints the counts.
    ///
    /// - Parameters:
    ///   - noun: the word for a copy
    ///   - work: copies with a corpus
    func run(_ noun: String, _ work: (inout EngineCorpus) throws -> EngineCorpus.Summary) throws {
        let summary: EngineCorpus.Summary
        do {
            var corpus = try EngineCorpus(PatcherTarget(try patchers.chosen()), output: output)
            summary = try work(&corpus)
            for refusal in summary.refusals { complain("error: \(refusal)") }
            if json {
                try Output.json(summary)
            } else {
                try Output.line(
                    "\(CountText.of(summary.written, noun)) written to \(output): \(summary.choices) of choices, "
                        + "\(summary.texts) as text")
            }
            if summary.written == 0 && summary.refusals.isEmpty {
                throw CampaignError("there is no input in the named files")
            }
        } catch { throw stop(error) }
        if !summary.refusals.isEmpty { throw ExitCode.failure }
    }
}

/// `corpus export`: case files of engine inputs.
struct CorpusExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a case file for each input of a fuzzing engine.",
        usage: "bpf-patch-fuzz corpus export <path> ... --output <dir> [<options>]",
        discussion: """
            An input of the engine is a byte string: the choices of a case. Its case depends on the capabilities of \
            the tested patchers, so name the same --patcher and --plugin as for the engine. The choices are a comment \
            in the case file, and 'corpus import' reads them there. Folders are read with all folders below, as that \
            of AFL++ with its instances; names of the case files are those of the inputs.

            'replay' runs inputs without this command: files whose name is a SHA-1, also after crash-, timeout-, oom- \
            or slow-unit-, and those of AFL++ (id:000000,...).

            --json prints one object: written, choices, texts (inputs that are the text of a case file), refusals.

            Example:
              bpf-patch-fuzz corpus export corpus crash-* -o cases
            """)

    @Argument(help: ArgumentHelp("Inputs of an engine, and folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var options: CorpusOptions

    func run() throws { try options.run("case file") { try $0.export(paths) } }
}

/// `corpus import`: engine inputs of case files.
struct CorpusImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write an input of a fuzzing engine for each case of case files.",
        usage: "bpf-patch-fuzz corpus import <path> ... --output <dir> [<options>]",
        discussion: """
            The input is the string of choices that makes the case: those in the file, or those of its seed and index. \
            A case that no known choices make, such as a minimized one or one written by hand, becomes the text of its \
            case file, which the target runs as it is. Name the same --patcher and --plugin as for the engine.

            --json prints one object: written, choices, texts, refusals (an array of sentences).

            Example:
              bpf-patch-fuzz corpus import Seeds Crashes -o corpus
            """)

    @Argument(help: ArgumentHelp("Case files, JSON lines, engine inputs and folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var options: CorpusOptions

    func run() throws { try options.run("input") { try $0.import(paths) } }
}
