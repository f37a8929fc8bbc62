import Foundation
import Testing

/// Wrong command lines: every option of every command without a value, with invalid values, and with files of another
/// kind.
enum WrongUseTable {
    /// The type of an option's value.
    private enum Kind {
        case number, name, input, objects, output, folder, words
    }

    /// Every option with a value. ``WrongUseTests/everyOptionIsInTheTable()`` fails if one is missing.
    private static let kinds: [String: Kind] = [
        "--seed": .number, "--cases": .number, "--time": .number, "--jobs": .number, "--shard": .number,
        "--timeout": .number, "--memory": .number, "--fail-alloc": .number, "--patches": .number, "--limit": .number,
        "--index": .number, "--slots": .number, "--smaller": .number, "--edits": .number, "--metrics": .number,
        "--mutants": .number, "--equivalents": .input, "--since": .input,
        "--patcher": .name, "--fault": .name, "--workload": .name, "--profile": .name, "--sanitize": .name,
        "--oracle": .name, "--pass": .name,
        "--type": .name, "--attach-type": .name, "--target-program": .objects,
        "--plugin": .input, "--known": .input, "--kernel-tree": .input, "--stand-ins": .input, "--include": .input,
        "--adapter": .input, "--objects": .objects,
        "--plot": .output, "--keep-source": .output, "--crashes": .folder, "--state": .folder,
        // Names in a kernel tree: the tree is read first. A load log is for one case, and --before needs --since.
        "--before": .words, "--take": .words, "--read": .words, "--loads": .name, "--on-finding": .words,
        "--report": .name, "--format": .name,
    ]

    /// A valid command line for each command, with status 0 unless a comment names a late error.
    private static let bases: [String: [String]] = [
        "run": ["--seed", "1", "--cases", "1"], "exhaust": ["--slots", "1", "--edits", "1"],
        "corpus export": ["good.case", "-o", "new"], "corpus import": ["good.case", "-o", "new"],
        "merge": ["state", "-o", "new"], "replay": ["good.case"],
        "minimize": ["finding.case"], "show": ["good.case"], "apply": ["--patcher", "delta-array", "good.jsonl"],
        "scale": ["--patches", "10", "--patcher", "delta-array"], "stats": ["empty"], "patchers": [],
        "faults": ["--kernel-tree", "tree"],
        "plugin build": ["--kernel-tree", "tree", "-o", "new.so"],
        "kernel run": ["--seed", "1", "--cases", "1"],
        "kernel load": ["empty"], "kernel stats": ["empty"], "kernel replay": ["good.case"],
        "plugin adapter": ["--kernel-tree", "tree", "--take", "nosuch"], "report": ["state", "-o", "new"],
        "compare": ["tree", "tree"], "export": ["good.case", "--format", "json"],
    ]

    /// The types of positional arguments.
    private static let positional: [String: Kind] = [
        "run": .input, "report": .input, "compare": .input, "merge": .input, "replay": .input, "minimize": .input,
        "show": .input, "export": .input, "apply": .input, "corpus export": .input, "corpus import": .input,
        "stats": .objects, "kernel load": .objects, "kernel stats": .objects, "kernel replay": .input,
    ]

    private static func kind(of option: String, in command: String) -> Kind? {
        if ["--output", "-o"].contains(option) {
            return command == "merge" || command.hasPrefix("corpus") ? .folder : .output
        }
        return kinds[option]
    }

    /// Commands and options without a row above.
    static func missing(_ commands: [CommandLineDump.Command]) -> [String] {
        commands.flatMap { command -> [String] in
            let name = command.words.joined(separator: " ")
            if bases[name] == nil { return [name] }
            return command.options.filter { option in
                if option.isPositional { return positional[name] == nil }
                return option.takesValue && kind(of: option.name, in: name) == nil
            }.map { "\(name) \($0.name)" }
        }
    }

    /// All wrong command lines that follow from the options.
    static func wrongCommands(_ commands: [CommandLineDump.Command]) -> [WrongCommand] {
        commands.flatMap { command -> [WrongCommand] in
            let name = command.words.joined(separator: " ")
            guard let base = bases[name] else { return [] }
            return command.options.flatMap { option -> [WrongCommand] in
                if option.isPositional { return positionalCommands(command.words, base, positional[name]) }
                if !option.takesValue { return [usage(command.words + base + ["\(option.name)=x"], option.name)] }
                guard let kind = kind(of: option.name, in: name) else { return [] }
                return wrongCommands(of: option.name, kind, command.words, base)
            } + [usage(command.words + base + ["--no-such-option"], "--no-such-option")]
        }
    }

    private static func usage(_ words: [String], _ name: String) -> WrongCommand {
        WrongCommand(words: words, status: 64, names: [name])
    }

    private static func wrongCommands(
        of option: String, _ kind: Kind, _ command: [String], _ base: [String]
    ) -> [WrongCommand] {
        // Repeated options are not tested here.
        let line = command + without(option, base)
        // The kernel is checked before the files, and may be missing.
        let names = { (name: String) in command.first == "kernel" || name.isEmpty ? [] : [name] }
        func failing(_ values: [String]) -> [WrongCommand] {
            values.map { WrongCommand(words: line + [option, $0], status: 1, names: names($0)) }
        }
        let nothing = [usage(line + [option], option)]
        switch kind {
        case .number:
            return nothing
                + ["", "-1", "99999999999999999999999999", "1.5.2", "x", "0x", "--json"].map { value in
                    // A value may start with a dash, too.
                    WrongCommand(
                        words: line + [option, value], status: 64, names: [option], lacks: ["Missing value"])
                }
        case .name: return nothing + ["", "nosuch"].map { usage(line + [option, $0], option) }
        case .input:
            return nothing
                + failing(["", "nosuch", "folder", "fifo", "socket", "/dev/zero", "text/below"])
        case .objects: return nothing + failing(["nosuch", "fifo", "text", "text/below"])
        case .output:
            return nothing
                + failing([
                    "", "folder", "folder/", "fifo", "socket", "/dev/null", "/dev/full", "/dev/stdout", "text/below",
                    "nosuch/file",
                ])
        case .folder:
            // These may have other files.
            let others = option == "--crashes" || command.first == "corpus" ? [] : ["folder"]
            return nothing
                + failing(["", "text", "fifo", "socket", "/dev/null", "text/below", "/proc/nosuch"] + others)
        case .words: return nothing
        }
    }

    private static func positionalCommands(
        _ command: [String], _ base: [String], _ kind: Kind?
    ) -> [WrongCommand] {
        guard let kind else { return [] }
        // The positional argument of a valid command line is its first word that is not an option.
        var line = base
        var place = 0
        while place < line.count, line[place].hasPrefix("-") { place += 2 }
        if place < line.count { line.remove(at: place) }
        let values =
            kind == .input
            ? ["nosuch", "fifo", "socket", "/dev/zero", "text/below"] : ["nosuch", "fifo", "text/below"]
        let names = { (name: String) in command.first == "kernel" ? [] : [name] }
        return values.map { WrongCommand(words: command + line + [$0], status: 1, names: names($0)) }
    }

    private static func without(_ option: String, _ base: [String]) -> [String] {
        // `apply` accepts either of two options.
        let names =
            ["--output": ["--output", "-o"], "--plugin": base.contains("good.jsonl") ? ["--patcher"] : []][option] ?? [
                option
            ]
        guard let place = base.firstIndex(where: names.contains) else { return base }
        return Array(base[..<place] + base[(place + 2)...])
    }

    // MARK: Descriptors

    /// Command lines that write to standard output.
    private static let writing: [[String]] = [
        ["run", "--seed", "1", "--cases", "1"], ["run", "--seed", "1", "--cases", "1", "--json"],
        ["replay", "good.case"], ["show", "good.case"], ["minimize", "finding.case"],
        ["minimize", "finding.case", "--json"], ["apply", "--patcher", "delta-array", "good.jsonl"],
        ["scale", "--patches", "10", "--patcher", "delta-array"], ["patchers"], ["patchers", "--json"],
        ["--help"], ["--version"], ["help", "run"], ["kernel", "--help"],
        ["run", "--help"],
    ]

    /// Each of these command lines with each standard descriptor closed, full or broken.
    static var channels: [WrongCommand] {
        let output = "standard output: cannot be written"
        return writing.flatMap { words in
            [.outputClosed, .outputFull, .readerGone].map {
                WrongCommand(words: words, status: 1, names: [output], channels: $0)
            }
        } + [
            WrongCommand(
                words: ["apply", "--patcher", "delta-array"], status: 1, names: ["standard input: cannot be read"],
                channels: .inputClosed),
            WrongCommand(words: ["replay", "good.case"], status: 0, channels: .inputClosed, isSilent: true),
            WrongCommand(words: ["replay", "good.case"], status: 0, channels: .errorsClosed),
            WrongCommand(words: ["replay", "nosuch"], status: 1, channels: .errorsClosed),
            WrongCommand(
                words: ["run", "--seed", "1", "--cases", "1"], status: 0, channels: .inputClosed, isSilent: true),
            WrongCommand(words: ["run", "--seed", "1", "--cases", "1"], status: 0, channels: .errorsClosed),
            WrongCommand(words: ["run", "--what"], status: 64, channels: .errorsClosed),
        ]
    }

    // MARK: By hand

    /// Wrong use that does not follow from one option.
    static let others: [WrongCommand] = [
        usage(["help", "nosuch"], "nosuch"), usage(["help", "kernel", "nosuch"], "nosuch"), usage(["nosuch"], "nosuch"),
        usage(["run", "--what"], "--what"), usage(["run", "extra", "--seed", "1"], "extra"),
        usage(["run", "--cases", "0"], "--cases"), usage(["run", "--time", "0"], "--time"),
        usage(["run", "--time", "1y"], "--time"), usage(["run", "--jobs", "0"], "--jobs"),
        usage(["run", "--jobs", "4097"], "--jobs"), usage(["run", "--shard", "3/2"], "--shard"),
        usage(["run", "--resume"], "--resume"), usage(["run", "--timeout", "1ms"], "--timeout"),
        usage(["exhaust", "--slots", "0"], "--slots"), usage(["exhaust", "--slots", "7"], "--slots"),
        usage(["exhaust", "--edits", "5"], "--edits"), usage(["exhaust", "--slots", "5", "--edits", "1"], "--yes"),
        usage(["exhaust", "--slots", "1", "--edits", "1", "--index", "99"], "--index"),
        usage(["exhaust", "--state", "state-4", "--resume"], "run --state"),
        usage(["faults", "--mutants", "5"], "--kernel-tree"), usage(["faults", "--historical"], "--kernel-tree"),
        usage(["faults", "--historical", "--kernel-tree", "tree", "--mutants", "5"], "--mutants"),
        WrongCommand(words: ["faults", "--historical", "--kernel-tree", "good.case"], status: 1, names: ["good.case"]),
        usage(["faults", "--kernel-tree", "tree", "--fault", "planted-skip-forgotten"], "--fault"),
        usage(["replay", "good.case", "--before", "state"], "--since"),
        WrongCommand(words: ["replay", "good.case", "--since", "empty"], status: 1, names: ["empty", "--state"]),
        WrongCommand(
            words: ["replay", "good.case", "--since", "state", "--before", "nosuch"], status: 1, names: ["nosuch"]),
        usage(["scale", "--limit", "0"], "--limit"), usage(["scale", "--patches", "0"], "--patches"),
        usage(["scale", "--patches", "10000001"], "--patches"),
        usage(["apply", "good.jsonl"], "--patcher"),
        WrongCommand(
            words: ["plugin", "build", "--kernel-tree", "tree", "-o", "a.so", "--keep-source", "a.so"], status: 1,
            names: ["a.so"]),
        WrongCommand(
            words: ["run", "--seed", "1", "--cases", "1"], status: 1, names: ["/nonexistent", "TMPDIR"],
            environment: ["TMPDIR": "/nonexistent"]),
        WrongCommand(
            words: ["show", "good.case"], status: 0, environment: ["COLUMNS": "2000000000"], isSilent: true),
        WrongCommand(words: ["--help"], status: 0, environment: ["COLUMNS": "2000000000"], isSilent: true),
        WrongCommand(words: ["--help"], status: 0, environment: ["COLUMNS": "-5"], isSilent: true),
        usage(["merge", "state", "state", "-o", "new"], "state"),
        usage(["run", "--state", "state-1", "--resume", "--seed", "6"], "--seed"),
        usage(["run", "--state", "state-2", "--resume", "--cases", "100"], "--cases"),
        usage(["kernel", "run", "--state", "state-3", "--resume"], "state"),
        usage(["kernel", "run", "--loads", "good.case", "--seed", "1", "--cases", "1"], "--loads"),
        WrongCommand(
            words: ["kernel", "run", "--loads", "good.case", "--seed", "1", "--index", "1"], status: 1,
            names: ["good.case", "load log"]),
        WrongCommand(words: ["kernel", "load", "good.case", "--known", "nosuch"], status: 1, names: ["nosuch"]),
        // The error names a mistyped option, not the option that is then missing, and the commit is not skipped.
        usage(["plugin", "build", "--kernl", "."], "'--kernl'"),
        usage(["merge", "state", "--outptu", "new"], "'--outptu'"),
        usage(
            ["plugin", "build", "--kernel-tree", "tree", "-o", "new.so", "--pass", "convert_ctx_accesses"],
            "--pass convert_ctx_accesses: this pass cannot be tested; these can: "),
        usage(
            [
                "plugin", "build", "--kernel-tree", "tree", "-o", "new.so", "--pass", "opt_remove_nops", "--adapter",
                "text",
            ], "--adapter tests edits and --pass a pass of the kernel; name one of them"),
        usage(["replay", "--jsn"], "'--jsn'"), usage(["plugin", "build", "-o", "new.so"], "--kernel-tree"),
        WrongCommand(words: ["plugin", "build", "--bisect", "--kernl", "."], status: 128, names: ["'--kernl'"]),
        WrongCommand(words: ["plugin", "build", "--bisect", "-o", "new.so"], status: 128, names: ["--kernel-tree"]),
        WrongCommand(words: ["replay", "endless"], status: 1, names: ["endless/a.case"]),
        WrongCommand(words: ["run", "--cases", "1", "--state", "locked"], status: 1, names: ["locked", "lock"]),
        WrongCommand(words: ["run", "--cases", "1", "--state", "linked"], status: 1, names: ["linked", "lock"]),
        WrongCommand(
            words: ["run", "--cases", "1", "--state", "diary"], status: 1, names: ["diary", ".writing-diary"]),
        WrongCommand(
            words: ["run", "--cases", "1", "--state", "notes"], status: 1, names: ["notes", ".writing-7-notes"]),
        WrongCommand(
            words: ["scale", "--patches", "10", "--patcher", "delta-array", "--plot", "new.svg"], status: 1,
            names: ["new.svg", "File too large"], channels: .smallFiles),
        WrongCommand(
            words: [
                "run", "--seed", "1", "--cases", "18446744073709551615", "--time", "0.5", "--patcher", "delta-array",
            ],
            status: 0, isSilent: true),
    ]
}
