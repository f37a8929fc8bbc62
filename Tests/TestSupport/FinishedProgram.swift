import Foundation

/// The result of a program that a test has run to its end.
package struct FinishedProgram: Sendable {
    /// The exit status, or the negative number of the signal that killed it.
    package var status: Int32
    package var output: String
    package var errors: String

    package init(status: Int32, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// The last line on standard output.
    package var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }

    /// The last line on standard output, parsed as JSON.
    package func report() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(lastLine.utf8)) as? [String: Any] ?? [:]
    }

    /// The command line tool beside the test bundle.
    package static var tool: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("bpf-patch-fuzz")
    }

    /// Runs a program to its end.
    ///
    /// - Parameter meanwhile: called while it runs
    package static func run(
        _ program: URL, _ arguments: [String], input: String = "", meanwhile: (Process) throws -> Void = { _ in }
    ) throws -> FinishedProgram {
        let folder = try TestFolder()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let inputFile = try folder.write(input, to: "input")
        let outputFile = try folder.write("", to: "output")
        let errorFile = try folder.write("", to: "errors")
        process.standardInput = FileHandle(forReadingAtPath: inputFile)
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        try process.run()
        do {
            try meanwhile(process)
        } catch {
            // A failed test must end the process.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            throw error
        }
        process.waitUntilExit()
        let isKilled = process.terminationReason == .uncaughtSignal
        return FinishedProgram(
            status: isKilled ? -process.terminationStatus : process.terminationStatus,
            output: try String(contentsOfFile: outputFile, encoding: .utf8),
            errors: try String(contentsOfFile: errorFile, encoding: .utf8))
    }
}
