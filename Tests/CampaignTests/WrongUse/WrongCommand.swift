import Foundation
import Testing

/// A wrong command line and its expected error.
struct WrongCommand: CustomTestStringConvertible, Sendable {
    /// The state of the standard descriptors.
    enum Channels: String, Sendable, CaseIterable {
        case ordinary, inputClosed, outputClosed, outputFull, readerGone, errorsClosed, smallFiles

        /// A shell script that runs its arguments with these descriptors.
        var script: String {
            switch self {
            case .ordinary: "exec \"$@\""
            case .inputClosed: "exec \"$@\" <&-"
            case .outputClosed: "exec \"$@\" >&-"
            case .outputFull: "exec \"$@\" >/dev/full"
            case .readerGone:
                // After the only reader is closed, no other process can read.
                "p=$(mktemp -u) && mkfifo \"$p\" && exec 3<>\"$p\" 4>\"$p\" && rm \"$p\" && exec \"$@\" >&4 3<&- 4>&-"
            case .smallFiles: "ulimit -f 1; exec \"$@\""
            case .errorsClosed: "exec \"$@\" 2>&-"
            }
        }
    }

    var words: [String]
    var status: Int32
    /// Texts that the sentence must contain.
    var names: [String] = []
    /// Texts that the sentence must not contain.
    var lacks: [String] = []
    var channels = Channels.ordinary
    /// Words before the command: a program that runs it as another user.
    var prefix: [String] = []
    var environment: [String: String] = [:]
    /// True if the command may succeed, and need not print an error.
    var isSilent = false

    var testDescription: String { "\(words.joined(separator: " ")) (\(channels))" }

    /// Texts of traps and of Foundation's errors, which no error may contain.
    static let forbidden = [
        "The operation could", "NSCocoaErrorDomain", "NSPOSIXErrorDomain", "couldn’t", "couldn't", "You don’t have",
        "Fatal error", "Precondition failed", "*** ", "Stack dump", "Thread 0", "doesn’t exist", "error 512",
    ]

    /// The time after which a command counts as hanging.
    ///
    /// - Units: seconds
    private static let limit = "120"

    func run(in folder: String) throws -> Tool.Outcome {
        let settings = environment.map { "\($0.key)=\($0.value)" }
        let command = ["/bin/bash", "-c", channels.script, "bash"] + prefix + [Tool.executable.path] + words
        return try Tool.run(
            ["--chdir=\(folder)"] + settings + ["timeout", "-s", "KILL", Self.limit] + command,
            program: URL(fileURLWithPath: "/usr/bin/env"))
    }

    /// Runs it, and checks its status, its sentence and that the folder is unchanged.
    func check(_ fixture: WrongUseFixture) throws {
        let outcome = try run(in: fixture.path)
        #expect(outcome.status == status, "\(outcome.errors)")
        for text in Self.forbidden + lacks { #expect(!outcome.errors.contains(text), "\(outcome.errors)") }
        if channels != .errorsClosed && !isSilent {
            let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(
                lines.count == 2 && lines.last == "" && lines.first?.hasPrefix("error: ") == true, "\(outcome.errors)")
        }
        for name in names { #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)") }
        let after = WrongUseFixture.contents(of: fixture.path)
        let changed = Set(after.keys).union(fixture.before.keys).filter { after[$0] != fixture.before[$0] }
        #expect(changed == [])
    }
}
