import Foundation
import SystemPackage
import UserFiles

/// Runs the user's command once for each new group of findings, one at a time, while the campaign runs.
///
/// The command reads the smallest finding of the group as JSON on standard input; its output goes to standard error. A
/// command that fails or hangs is reported once and does not affect the campaign.
final class FindingCommand {
    /// The time limit of a command, and of all waiting ones at the end of a campaign without a time limit.
    ///
    /// - Units: seconds
    static let patience = 30.0

    /// A command that was started.
    private struct Running {
        var process: pid_t
        var deadline: Date
    }

    private let command: String
    /// The name of the command's option, for messages.
    private let option: String
    private let patience: Double
    private let note: (String) -> Void
    private var waiting: [StoredFinding] = []
    private var running: Running?
    private var hasFailed = false
    private var hasHung = false
    /// A bucket of each group that it was run for, and the buckets that need no run.
    private(set) var reported: Set<String>

    /// - Parameters:
    ///   - command: the argument of `sh -c`
    ///   - option: the name of the command's option, for messages
    ///   - reported: the buckets that earlier sessions ran it for
    ///   - patience: the time limit of a command in seconds
    ///   - note: prints messages for the user
    init(
        _ command: String, option: String, reported: Set<String> = [], patience: Double = patience,
        note: @escaping (String) -> Void
    ) {
        self.command = command
        self.option = option
        self.reported = reported
        self.patience = patience
        self.note = note
    }

    /// Queues the command for a finding, unless it was queued for one of the same group.
    ///
    /// - Parameter group: the buckets of the group
    func add(_ finding: StoredFinding, of group: [String]) {
        if group.contains(where: { bucket in
            reported.contains(bucket) || waiting.contains { $0.bucket == bucket }
        }) {
            return
        }
        waiting.append(finding)
    }

    /// True if no command is running or queued.
    var isIdle: Bool { running == nil && waiting.isEmpty }

    /// Starts the next command if the previous one has ended.
    func step() {
        if let running, !hasEnded(running) { return }
        running = nil
        while running == nil, !waiting.isEmpty { start(waiting.removeFirst()) }
    }

    /// Waits for the remaining commands, at most for the time limit of one, and prints the number of those not run.
    ///
    /// - Parameter limit: a shorter limit in seconds, or `nil`
    func finish(within limit: Double? = nil) {
        let deadline = Date() + min(patience, limit ?? patience)
        step()
        while !isIdle && Date() < deadline {
            usleep(5_000)
            step()
        }
        if let running {
            stop(running, Date() < running.deadline ? Self.atTimeLimit : Self.late)
            self.running = nil
        }
        if waiting.isEmpty { return }
        note("\(option): there was no time to run the command for \(CountText.of(waiting.count, "more finding"))\n")
        waiting = []
    }

    /// Returns true if a command has ended; kills it after its time limit.
    private func hasEnded(_ running: Running) -> Bool {
        var status: Int32 = 0
        let found = unsafe waitpid(running.process, &status, WNOHANG)
        if found == 0 {
            if Date() < running.deadline { return false }
            stop(running, Self.late)
            return true
        }
        if found == running.process && status != 0 && !hasFailed {
            hasFailed = true
            let signal = status & 0x7f
            let end = signal != 0 ? "was ended by signal \(signal)" : "ended with status \(status >> 8 & 0xff)"
            note("\(option): the command \(end); \(Self.once)\n")
        }
        return true
    }

    /// The message for a command that exceeds its time limit.
    private static let late = "exceeded its time limit and was killed"

    /// The message for a command that is still running at the time limit of the campaign.
    private static let atTimeLimit = "was killed because the time limit of the campaign is reached"

    /// The end of each message.
    private static let once = "further failures are not reported"

    /// Kills a command and its process group.
    ///
    /// - Parameter end: the message, printed the first time
    private func stop(_ running: Running, _ end: String) {
        _ = kill(-running.process, SIGKILL)
        ChildProcesses.waitForEnd(of: running.process)
        if hasHung { return }
        hasHung = true
        note("\(option): the command \(end); \(Self.once)\n")
    }

    private func start(_ finding: StoredFinding) {
        reported.insert(finding.bucket)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = ((try? encoder.encode(finding)) ?? Data()) + Data("\n".utf8)
        do throws(CampaignError) {
            let process = try spawn(text)
            running = Running(process: process, deadline: Date() + patience)
        } catch {
            if hasFailed { return }
            hasFailed = true
            note("\(option): \(error); \(Self.once)\n")
        }
    }

    /// Starts the command with a text on standard input.
    private func spawn(_ text: Data) throws(CampaignError) -> pid_t {
        // A pipe holds all of it before the command is there, so that it may read it or not.
        let (input, output): (FileDescriptor, FileDescriptor)
        do throws(Errno) { (input, output) = try FileDescriptor.pipe(options: .closeOnExec) } catch {
            throw CampaignError("no pipe can be made: \(error.reason)")
        }
        defer { input.end() }
        output.setNonBlocking()
        do throws(Errno) { try onErrno { try output.closeAfter { try output.put(text) } } } catch {
            throw CampaignError("the finding cannot be written to a pipe: \(error.reason)")
        }
        // A new process group, so that the command and its children can be killed. Ignored signals are reset.
        do throws(Errno) {
            return try ChildProcesses.start(
                "/bin/sh", ["sh", "-c", command],
                environment: ProcessInfo.processInfo.environment,
                descriptors: [(input, .standardInput), (.standardError, .standardOutput)], isOwnGroup: true,
                defaults: [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP])
        } catch {
            throw CampaignError("/bin/sh cannot be started: \(error.reason)")
        }
    }
}
