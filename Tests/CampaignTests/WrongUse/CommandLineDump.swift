import Foundation
import Testing

/// ArgumentParser's list of all commands and options, so that tests cannot miss a new one.
struct CommandLineDump {
    /// A command with its options.
    struct Command {
        /// The words of the command line that select it.
        var words: [String]
        var options: [Option]
    }

    /// An option, a flag or a positional argument.
    struct Option {
        /// The name with its dashes; for a positional argument, the plain name.
        var name: String
        var takesValue: Bool
        var isPositional: Bool
    }

    /// All visible commands, without `help`.
    static func commands() throws -> [Command] {
        let run = try Tool.run(["--experimental-dump-help"])
        let dump = try JSONDecoder().decode(Dump.self, from: Data(run.output.utf8))
        return flatten(dump.command, [])
    }

    private static func flatten(_ node: Node, _ path: [String]) -> [Command] {
        let below = (node.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
        if !below.isEmpty { return below.flatMap { flatten($0, path + [$0.commandName]) } }
        let options = (node.arguments ?? []).compactMap { argument -> Option? in
            // Hidden options are for the tests of this project.
            let name = argument.preferredName
            if !argument.shouldDisplay || ["help", "version"].contains(name?.name) { return nil }
            let dashed = name.map { ($0.kind == "short" ? "-" : "--") + $0.name } ?? argument.valueName ?? "?"
            return Option(
                name: dashed, takesValue: argument.kind == "option", isPositional: argument.kind == "positional")
        }
        return [Command(words: path, options: options)]
    }

    private struct Dump: Decodable { var command: Node }

    private struct Node: Decodable {
        var commandName: String
        var shouldDisplay: Bool?
        var subcommands: [Node]?
        var arguments: [Argument]?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var shouldDisplay: Bool
        var preferredName: Name?
        var valueName: String?
    }
}
