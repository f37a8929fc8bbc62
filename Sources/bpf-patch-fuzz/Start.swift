import ArgumentParser
import Campaign
import Foundation
import SystemPackage
import UserFiles

/// The start of the program, for every command.
@main
enum Start {
    static func main() {
        // Done first: if standard output is closed, a file that is opened later would get its descriptor.
        FileDescriptor.occupyStandardNumbers()
        Output.watchReader()
        OutputWidth.boundEnvironment()
        PluginSandbox.adoptOrphans()
        // The arguments are read from /proc; without it, even the program name is missing.
        if CommandLine.arguments.isEmpty {
            complain("error: /proc is not mounted; mount it")
            exit(ExitCode.failure.rawValue)
        }
        let words = Array(CommandLine.arguments.dropFirst())
        do {
            try checkHelp(words)
            var command = try Tool.parseAsRoot(words)
            try command.run()
            PluginProcess.endCommand()
        } catch {
            PluginProcess.endCommand()
            end(error, of: words)
        }
    }

    /// Ends the process with the status of an error, after a sentence on standard error.
    private static func end(_ error: any Error, of words: [String]) -> Never {
        if let status = error as? ExitCode { exit(status.rawValue) }
        let status = Tool.exitCode(for: error)
        let text = Tool.fullMessage(for: error)
        if status == .success {
            do { try Output.write(text + "\n") } catch {
                complain("error: \(error)")
                exit(ExitCode.failure.rawValue)
            }
            exit(0)
        }
        if status != .validationFailure {
            complain("error: \(error)")
            exit(ExitCode.failure.rawValue)
        }
        let message = Tool.message(for: error)
        // The missing option may have been mistyped.
        let isMissing = message.hasPrefix("Missing expected argument")
        let unknown = isMissing ? WrongUsage.unknownOption(in: words).map { "Unknown option '\($0)'" } : nil
        complain("error: " + WrongUsage.sentence(unknown ?? message, usage: text))
        exit(PluginBuild.status(ofWrongUse: words) ?? status.rawValue)
    }

    /// Checks that the commands after `help` exist.
    ///
    /// - Throws: `ValidationError` that names the first word that is not a command
    private static func checkHelp(_ words: [String]) throws {
        guard words.first == "help" else { return }
        var command: any ParsableCommand.Type = Tool.self
        for word in words.dropFirst() where !word.hasPrefix("-") {
            let known = command.configuration.subcommands
            guard let next = known.first(where: { $0._commandName == word }) else {
                let names = known.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
                throw ValidationError(
                    names.isEmpty
                        ? "'\(command._commandName)' has no command '\(word)'"
                        : "there is no command '\(word)'; there are \(names.joined(separator: ", "))")
            }
            command = next
        }
    }
}

/// The error texts for wrong usage.
enum WrongUsage {
    /// The first option that the command of a command line does not have.
    static func unknownOption(in words: [String]) -> String? {
        var command: any ParsableCommand.Type = Tool.self
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            command = next
        }
        let help = Tool.helpMessage(for: command, includeHidden: true)
        let known = Set(help.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
        return words.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
            .first { !known.contains($0) }
    }

    /// One sentence with the fault and the help command.
    ///
    /// - Parameter usage: the text of ArgumentParser, which contains the help command
    static func sentence(_ message: String, usage: String) -> String {
        let lines = message.split(whereSeparator: \.isNewline).map { line in
            let words = line.trimmingCharacters(in: .whitespaces)
            return words.hasPrefix("- ") ? String(words.dropFirst(2)) : words
        }
        var text = ""
        for line in lines {
            let separator = text.isEmpty ? "" : text.hasSuffix(":") || text.hasSuffix(",") ? " " : ", "
            text += separator + line
        }
        while text.hasSuffix(".") { text.removeLast() }
        let command = usage.firstMatch(of: #/See '(.+)' for more information/#).map { String($0.1) }
        return text.replacing(". ", with: "; ") + "; '\(command ?? "bpf-patch-fuzz --help")' says more"
    }
}
