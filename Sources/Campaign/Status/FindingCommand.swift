import Foundation
import SystemPackage
import UserFiles

/// The command that the user wants to be run for findings: once for each group of findings, one after the other, beside the campaign.
///
/// The smallest finding of the group is on its standard input as JSON; what it prints goes to standard error. A command that
/// fails or hangs is told of once and does the campaign no harm.
final class FindingCommand {
    /// How long a command may take, and how long a campaign without a limit of time waits for all of them in the end.
    ///
    /// - Units: seconds
    static let patience = 30.0

    /// A command that has been started.
    private struct Running {
        var process: pid_t
        var deadline: Date
    }

    private let command: String
    /// The option that gave the command, for messages.
    private let option: String
    private let patience: Double
    private let note: (String) -> Void
    private var waiting: [StoredFinding] = []
    private var running: Running?
    private var hasFailed = false
    private var hasHung = false
    /// A bucket of each group that it was run for, and those that it need not be run for.
    private(set) var reported: Set<String>

    /// - Parameters:
    ///   - command: what `sh -c` is to run
    ///   - option: the option that gave it, for messages
    ///   - reported: the buckets that it has been run for before
    ///   - patience: how long a command may take, in seconds
    ///   - note: is given what the user is to know
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

    /// Lets the command be run for a finding, unless it was for one of the same group.
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

    /// Whether nothing is left to run or to wait for.
    var isNoOp: Bool { running == nil && waiting.isEmpty }

    /// Starts the next command when the one before has ended.
    func step() {
        if let running, !hasEnded(running) { return }
        running = nil
        while running == nil, !waiting.isEmpty { start(waiting.removeFirst()) }
    }

    /// Waits for the commands that are left, as long as one of them may take; the number of those not run is told.
    ///
    /// - Parameter limit: how long to wait at most, in seconds, or `nil`
    func finish(within limit: Double? = nil) {
        let deadline = Date() + min(patience, limit ?? patience)
        step()
        while !isNoOp && Date() < deadline {
            usleep(5_000)
            step()
        }
        if let running {
            stop(running, Date() < running.deadline ? "was killed, as the time of the campaign is up" : Self.late)
            self.running = nil
        }
        if waiting.isEmpty { return }
        note("\(option): there was no time to run the command for \(CountText.of(waiting.count, "more finding"))\n")
        waiting = []
    }

    /// Whether a command has ended; one that takes too long is killed.
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
            note("\(option): the command \(end); this is told once\n")
        }
        return true
    }

    /// What is said of a command that takes too long.
    private static let late = "did not end in time and was killed"

    /// Kills a command with all that it has started.
    ///
    /// - Parameter end: what is said of it, the first time
    private func stop(_ running: Running, _ end: String) {
        _ = kill(-running.process, SIGKILL)
        SystemCall.waitForEnd(of: running.process)
        if hasHung { return }
        hasHung = true
        note("\(option): the command \(end); this is told once\n")
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
            note("\(option): \(error); this is told once\n")
        }
    }

    /// Starts the command with a text on its standard input.
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
        // A group of its own, so that all of it can be killed, and signals as any command has them.
        do throws(Errno) {
            return try ChildStart.spawn(
                "/bin/sh", ["sh", "-c", command],
                environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
                descriptors: [(input, .standardInput), (.standardError, .standardOutput)], isOwnGroup: true,
                defaults: [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP])
        } catch {
            throw CampaignError("/bin/sh cannot be started: \(error.reason)")
        }
    }
}
