import CProcess
import Foundation
import SystemPackage
import UserFiles

/// A worker as its campaign sees it: a process and the lines that it writes.
final class WorkerProcess {
    /// How a worker ended.
    enum End: Equatable, CustomStringConvertible {
        case done
        /// It ended with an error status of its own.
        case failed(Int32)
        /// A signal killed it.
        case killed(Int32)

        var description: String {
            switch self {
            case .done: "status 0"
            case .failed(let status): "status \(status)"
            case .killed(let signal): "signal \(signal)"
            }
        }
    }

    /// The descriptor of a board in the process that it is shared with.
    static let boardNumber = FileDescriptor(rawValue: 3)

    /// The file that this process was started from, as it was called when the first was started.
    private static let ownProgram = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    /// Which of the board's workers it is.
    let number: Int
    /// The pipe from its standard output, and the one to its standard input; `nil` if it inherited those of this process.
    ///
    /// The kernel closes the input when this process ends, and the worker then ends too.
    private let pipes: (output: FileDescriptor, input: FileDescriptor)?
    private let process: pid_t
    /// A descriptor that can be read once the process has ended; negative if the system has none.
    private let exit: FileDescriptor
    /// Whether the process leads a group of processes, those that a plug-in starts among them.
    private let leadsGroup: Bool
    private var result: End?
    private var reader = BlockReport.Reader()

    /// Starts the program again for a task, standard input and output being pipes.
    ///
    /// - Parameters:
    ///   - host: the program
    ///   - task: sent to the process on its standard input
    ///   - plugins: what may be loaded into it
    ///   - reports: what is wanted of a sanitizer's reports
    ///   - board: the memory to share with it, which it finds at ``boardNumber``
    ///   - number: which of the board's workers it is
    /// - Throws: ``CampaignError`` when the program cannot be started
    init(
        host: any HostProgram, _ task: ChildTask, plugins: [String], reports: SanitizerReports.Use = .counting,
        board: SharedProgress? = nil, number: Int = 0
    ) throws(CampaignError) {
        self.number = number
        let input = try Self.makePipe()
        let output = try Self.makePipe()
        pipes = (output.readEnd, input.writeEnd)
        defer {
            input.readEnd.end()
            output.writeEnd.end()
        }
        process = try Self.spawn(
            [host.url.path] + host.childArguments(for: task),
            try PluginSandbox.environment(for: plugins, reports: reports),
            pipes: (input.readEnd, output.writeEnd), board: board?.file.map { ($0, Self.boardNumber) })
        exit = FileDescriptor(rawValue: process_open_end(process))
        leadsGroup = true
        write(task.bytes)
    }

    /// Starts this program once more with other arguments and the same input and output.
    ///
    /// - Parameters:
    ///   - plugins: what may be loaded into it
    ///   - board: the memory to share with it, which it finds by ``PluginSandbox/board``
    /// - Throws: ``CampaignError`` when the program cannot be started
    init(
        host: any HostProgram, inheriting arguments: [String], plugins: [String], board: SharedProgress
    ) throws(CampaignError) {
        (number, pipes, leadsGroup) = (0, nil, false)
        let shared: FileDescriptor
        do throws(Errno) {
            guard let file = board.file else { throw .badFileDescriptor }
            // A number that the user has not redirected for the program.
            shared = try file.duplicateAside()
        } catch {
            throw CampaignError("\(host.url.path): cannot be started: \(error.reason)")
        }
        defer { shared.end() }
        var environment = try PluginSandbox.environment(for: plugins, reports: .showing)
        environment[PluginSandbox.boardVariable] = String(shared.rawValue)
        process = try Self.spawn([host.url.path] + arguments, environment, pipes: nil, board: (shared, shared))
        exit = FileDescriptor(rawValue: process_open_end(process))
    }

    deinit {
        for descriptor in [exit, pipes?.output, pipes?.input] { descriptor?.end() }
    }

    /// Makes a pipe whose ends no other process inherits: a worker must notice the end of its campaign.
    private static func makePipe() throws(CampaignError) -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
        do throws(Errno) {
            let ends = try FileDescriptor.pipe(options: .closeOnExec)
            // Workers continue until the pipe is full while the campaign minimizes a finding.
            ends.writeEnd.setPipeSize(1 << 20)
            return ends
        } catch {
            throw CampaignError("a worker cannot be started: \(error.reason)")
        }
    }

    private static func spawn(
        _ words: [String], _ environment: [String: String], pipes: (input: FileDescriptor, output: FileDescriptor)?,
        board: (own: FileDescriptor, child: FileDescriptor)?
    ) throws(CampaignError) -> pid_t {
        var descriptors: [(own: FileDescriptor, child: FileDescriptor)] = []
        if let pipes { descriptors += [(pipes.input, .standardInput), (pipes.output, .standardOutput)] }
        if let board { descriptors.append(board) }
        // A file that has been replaced or removed since is still what this process runs. What a terminal, timeout or a
        // service manager sends to this group is the campaign's to answer.
        do throws(Errno) {
            return try ChildStart.spawn(
                words[0] == ownProgram ? "/proc/self/exe" : words[0], words,
                environment: environment.map { "\($0.key)=\($0.value)" }, descriptors: descriptors,
                isOwnGroup: pipes != nil)
        } catch {
            throw CampaignError("\(words[0]): cannot be started: \(error.reason)")
        }
    }

    /// How often strays are looked for, each time a millisecond later.
    private static let mostRounds = 100

    /// Kills what processes have left running that have ended; a plug-in may have put it into a session of its own.
    private static func endStrays() {
        for _ in 0..<mostRounds {
            let strays = ChildProcesses.all.filter { child in
                !ChildStart.started.withLock { $0.contains(child) } && PluginSandbox.isInside(child)
            }
            if strays.isEmpty { return }
            for stray in strays { _ = Glibc.kill(stray, SIGKILL) }
            usleep(1000)
            for stray in strays { waitpid(stray, nil, WNOHANG) }
        }
    }

    /// Makes the process, and those that it will start, give way to others that want a processor.
    ///
    /// It still has a tenth of one, in which a case that does not hang is done a thousand times.
    func giveWay() { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process), 10) }

    /// Kills the process, and those that it has started.
    func kill() {
        if result != nil { return }
        if leadsGroup { _ = Glibc.kill(-process, SIGKILL) }
        _ = Glibc.kill(process, SIGKILL)
    }

    /// Writes to standard input of the process; when that is gone, nothing happens.
    func write(_ bytes: [UInt8]) { try? pipes?.input.put(bytes) }

    /// What to wait for with `poll`: output, and the end of the process, which need not be the end of its output.
    var waited: [pollfd] {
        [pipes?.output, exit].map { pollfd(fd: $0?.rawValue ?? -1, events: Int16(POLLIN), revents: 0) }
    }

    /// Whether there is something to read, or the process has ended, within a time; an interrupt ends the wait.
    ///
    /// - Units: seconds
    func isReady(within seconds: Double) -> Bool { wait(waited, seconds) }

    /// Whether there is something to read, or the end of output.
    var isReadable: Bool { wait([waited[0]], 0) }

    /// Whether the process has ended.
    var hasEnded: Bool { result != nil || wait([waited[1]], 0) }

    private func wait(_ descriptors: [pollfd], _ seconds: Double) -> Bool {
        var descriptors = descriptors
        let end = Date() + seconds
        var rest = seconds
        while true {
            do throws(Errno) {
                return try SystemCall.wait(for: &descriptors, within: Int32((rest * 1000).rounded(.up)))
            } catch {
                if error != .interrupted || Interrupt.isRequested { return false }
            }
            rest = max(end.timeIntervalSinceNow, 0)
        }
    }

    /// Reads the messages that there are; `nil` at the end of output.
    func read() -> [WorkerMessage]? { readBytes().map { reader.read($0[...]) } }

    /// Reads the messages that a process has left which has ended; another that holds its output is not waited for.
    func readRest() -> [WorkerMessage] {
        var rest: [WorkerMessage] = []
        while isReadable, let messages = read() { rest += messages }
        return rest
    }

    /// Reads what there is; `nil` at the end of output.
    func readBytes(upTo limit: Int = 65536) -> [UInt8]? {
        do throws(Errno) {
            let bytes = try pipes?.output.readBytes(limit, retryOnInterrupt: false)
            return bytes?.isEmpty == false ? bytes : nil
        } catch {
            return error == .interrupted ? [] : nil
        }
    }

    /// Waits for the process and says how it ended; those that it has started are killed then.
    func waitUntilExit() -> End {
        if let result { return result }
        if leadsGroup {
            // Afterwards its number may be that of another group.
            SystemCall.waitForEndWithoutReaping(of: process)
            _ = Glibc.kill(-process, SIGKILL)
        }
        let status = SystemCall.waitForEnd(of: process)
        ChildStart.started.withLock { _ = $0.remove(process) }
        Self.endStrays()
        let signal = status & 0x7f
        let code = status >> 8 & 0xff
        let end: End = signal != 0 ? .killed(signal) : code == 0 ? .done : .failed(code)
        result = end
        return end
    }

    /// How the process ended; `nil` when it did not within a time.
    ///
    /// - Units: seconds
    func waitUntilExit(within seconds: Double) -> End? {
        if exit.rawValue < 0 { return waitUntilExit() }
        return wait([waited[1]], seconds) ? waitUntilExit() : nil
    }
}
