import CProcess
import Foundation
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
    static let boardNumber: Int32 = 3

    /// The file that this process was started from, as it was called when the first was started.
    private static let ownProgram = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    /// Which of the board's workers it is.
    let number: Int
    /// The descriptor to wait on for ``read()``.
    let descriptor: Int32
    /// Standard input of the process; closed when this one ends, however it does, and the other then ends too.
    private let leash: Int32
    private let process: pid_t
    /// A descriptor that can be read once the process has ended; -1 where there is none.
    private let exit: Int32
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
        (descriptor, leash) = (output.read, input.write)
        defer {
            close(input.read)
            close(output.write)
        }
        process = try Self.spawn(
            [host.url.path] + host.childArguments(for: task),
            try PluginSandbox.environment(for: plugins, reports: reports),
            pipes: (input.read, output.write), board: board.map { ($0.descriptor, Self.boardNumber) })
        exit = process_open_end(process)
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
        (number, descriptor, leash, leadsGroup) = (0, -1, -1, false)
        // A number that nothing has which the user may have opened for it.
        let shared = Descriptor.duplicate(board.descriptor)
        guard shared >= 0 else {
            throw CampaignError("\(host.url.path): cannot be started: \(SystemReason.text())")
        }
        defer { close(shared) }
        var environment = try PluginSandbox.environment(for: plugins, reports: .showing)
        environment[PluginSandbox.boardVariable] = String(shared)
        process = try Self.spawn([host.url.path] + arguments, environment, pipes: nil, board: (shared, shared))
        exit = process_open_end(process)
    }

    deinit {
        if exit >= 0 { close(exit) }
        if descriptor < 0 { return }
        close(descriptor)
        close(leash)
    }

    /// `F_SETPIPE_SZ`, which Swift does not see, and as much as anybody may ask for.
    private static let (pipeSizeCommand, pipeSize) = (Int32(1031), Int32(1 << 20))

    /// Makes a pipe whose ends no other process inherits: a worker must see when its campaign is gone.
    private static func makePipe() throws(CampaignError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else {
            throw CampaignError("a worker cannot be started: \(SystemReason.text())")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // While a finding is minimized, workers go on until it is full.
        _ = fcntl(ends[1], pipeSizeCommand, pipeSize)
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ words: [String], _ environment: [String: String], pipes: (input: Int32, output: Int32)?,
        board: (descriptor: Int32, number: Int32)? = nil
    ) throws(CampaignError) -> pid_t {
        var descriptors: [(own: Int32, child: Int32)] = []
        if let pipes { descriptors += [(pipes.input, STDIN_FILENO), (pipes.output, STDOUT_FILENO)] }
        if let board { descriptors.append((board.descriptor, board.number)) }
        // A file that has been replaced or removed since is still what this process runs. What a terminal, timeout or a
        // service manager sends to this group is the campaign's to answer.
        let (process, status) = ChildStart.spawn(
            words[0] == ownProgram ? "/proc/self/exe" : words[0], words,
            environment: environment.map { "\($0.key)=\($0.value)" }, descriptors: descriptors,
            isOwnGroup: pipes != nil)
        guard status == 0 else {
            throw CampaignError("\(words[0]): cannot be started: \(SystemReason.text(status))")
        }
        return process
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
    func write(_ bytes: [UInt8]) { _ = Output.put(bytes, leash) }

    /// What to wait for with `poll`: output, and the end of the process, which need not be the end of its output.
    var waited: [pollfd] {
        [descriptor, exit].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
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
            let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32((rest * 1000).rounded(.up)))
            if ready >= 0 || errno != EINTR || Interrupt.isRequested { return ready > 0 }
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
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { return [] }
        return count <= 0 ? nil : Array(buffer[..<count])
    }

    /// Waits for the process and says how it ended; those that it has started are killed then.
    func waitUntilExit() -> End {
        if let result { return result }
        var status: Int32 = 0
        if leadsGroup {
            // Once waited for, its number may be that of another group.
            var information = unsafe siginfo_t()
            while unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
            _ = Glibc.kill(-process, SIGKILL)
        }
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
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
        if exit < 0 { return waitUntilExit() }
        return wait([waited[1]], seconds) ? waitUntilExit() : nil
    }
}
