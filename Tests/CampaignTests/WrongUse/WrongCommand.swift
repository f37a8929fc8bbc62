import Foundation
import Testing

/// One wrong command line, and what must come of it.
struct WrongUseTrial: CustomTestStringConvertible, Sendable {
    /// How the standard descriptors are.
    enum Channels: String, Sendable, CaseIterable {
        case ordinary, inputClosed, outputClosed, outputFull, readerGone, errorsClosed, smallFiles

        /// A shell script that runs its arguments so.
        var script: String {
            switch self {
            case .ordinary: "exec \"$@\""
            case .inputClosed: "exec \"$@\" <&-"
            case .outputClosed: "exec \"$@\" >&-"
            case .outputFull: "exec \"$@\" >/dev/full"
            case .readerGone:
                // Once the only reader is closed, there is none that might still take something.
                "p=$(mktemp -u) && mkfifo \"$p\" && exec 3<>\"$p\" 4>\"$p\" && rm \"$p\" && exec \"$@\" >&4 3<&- 4>&-"
            case .smallFiles: "ulimit -f 1; exec \"$@\""
            case .errorsClosed: "exec \"$@\" 2>&-"
            }
        }
    }

    var words: [String]
    var status: Int32
    /// What the sentence must name.
    var names: [String] = []
    /// What the sentence must not say.
    var lacks: [String] = []
    var channels = Channels.ordinary
    /// Words before the command: a program that runs it as another user.
    var prefix: [String] = []
    var environment: [String: String] = [:]
    /// Whether nothing is wrong after all, so that nothing need be said.
    var isSilent = false

    var testDescription: String { "\(words.joined(separator: " ")) (\(channels))" }

    /// Texts that no error may have: traps, and those of Foundation.
    static let forbidden = [
        "The operation could", "NSCocoaErrorDomain", "NSPOSIXErrorDomain", "couldn’t", "couldn't", "You don’t have",
        "Fatal error", "Precondition failed", "*** ", "Stack dump", "Thread 0", "doesn’t exist", "error 512",
    ]

    /// How long a trial may take before it counts as hanging.
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

    /// Runs it, and expects its status, one sentence and an untouched folder.
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
