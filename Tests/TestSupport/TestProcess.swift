import Foundation
import SystemPackage
import UserFiles

/// A program that a test runs.
///
/// It is started as the `Sources` start tools: Foundation's `Process` takes 40 ms longer, and swift-subprocess is
/// asynchronous, which would make all tests so.
package final class TestProcess {
    /// The result of a finished program.
    package struct Outcome {
        /// The exit status, or a negative signal number.
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
    }

    /// The command line under test: that of `BPF_PATCH_FUZZ_TOOL`, or the one that was built with the tests.
    ///
    /// In a debug build the argument parser checks itself in each run, which takes ten times as long as in a release build.
    package static let tool =
        ProcessInfo.processInfo.environment["BPF_PATCH_FUZZ_TOOL"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("bpf-patch-fuzz").path

    package let processIdentifier: pid_t
    private var status: Int32?

    /// Starts a program. A test ends it with ``waitUntilExit()``.
    private init(
        _ words: [String], environment: [String: String], input: FileDescriptor, output: FileDescriptor,
        errors: FileDescriptor
    ) throws {
        processIdentifier = try ChildProcesses.start(
            words[0], words, environment: environment,
            descriptors: [(input, .standardInput), (output, .standardOutput), (errors, .standardError)],
            isOwnGroup: true, defaults: 1...31)
    }

    /// False once the program has ended.
    package var isRunning: Bool {
        if status == nil { status = ChildProcesses.endStatus(of: processIdentifier) }
        return status == nil
    }

    /// Waits for the end of the program.
    private func waitUntilExit() -> Int32 {
        let status = self.status ?? ChildProcesses.waitForEnd(of: processIdentifier)
        self.status = status
        return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - words: the path of the program, and its arguments
    ///   - input: the text on standard input
    ///   - output: another place for standard output, which is then not in the outcome
    ///   - errors: another place for standard error, which is then not in the outcome
    ///   - meanwhile: called while the program runs; an error kills it
    package static func run(
        _ words: [String], environment: [String: String] = ProcessInfo.processInfo.environment, input: String = "",
        output: FileDescriptor? = nil, errors: FileDescriptor? = nil, meanwhile: (TestProcess) throws -> Void = { _ in }
    ) throws -> Outcome {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let files = ["input", "output", "errors"].map { "\(folder)/\($0)" }
        try Data(input.utf8).write(to: URL(fileURLWithPath: files[0]))
        let standard = try files.map { file in
            try FileDescriptor.opening(
                file, file == files[0] ? .readOnly : .writeOnly, .create, permissions: .ownerReadWrite)
        }
        defer { for file in standard { file.end() } }
        let program = try TestProcess(
            words, environment: environment, input: standard[0], output: output ?? standard[1],
            errors: errors ?? standard[2])
        do { try meanwhile(program) } catch {
            kill(program.processIdentifier, SIGKILL)
            _ = program.waitUntilExit()
            throw error
        }
        return Outcome(
            status: program.waitUntilExit(), output: try String(contentsOfFile: files[1], encoding: .utf8),
            errors: try String(contentsOfFile: files[2], encoding: .utf8))
    }
}
