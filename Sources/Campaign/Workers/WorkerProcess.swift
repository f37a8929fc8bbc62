import CProcess
import Foundation
import SystemPackage
import UserFiles

/// A child process of the campaign, and the messages that it writes.
final class WorkerProcess {
    /// The end of a process.
    enum End: Equatable, CustomStringConvertible {
        case done
        /// It exited with an error status.
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

    /// The descriptor of the shared progress in the child process.
    static let sharedProgressDescriptor = FileDescriptor(rawValue: 3)

    /// The path of this program when it was started.
    private static let ownProgram = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    /// The number of the worker in the shared progress.
    let number: Int
    /// The pipe from its standard output, and the one to its standard input; `nil` if it inherited those of this process.
    ///
    /// The kernel closes the input when this process ends, and the worker then ends too.
    private let pipes: (output: FileDescriptor, input: FileDescriptor)?
    private let process: pid_t
    /// A descriptor that becomes readable when the process ends (`pidfd`); negative if there is none.
    private let exit: FileDescriptor
    /// True if the process leads a process group, to which processes of plug-ins belong.
    private let leadsGroup: Bool
    private var result: End?
    private var reader = BlockReport.Reader()

    /// Starts the program for a task, with pipes for standard input and output.
    ///
    /// - Parameters:
    ///   - host: the program
    ///   - task: sent to the process on its standard input
    ///   - plugins: the plug-ins that the process may load
    ///   - reports: the use of sanitizer reports
    ///   - shared: the shared progress, which the process has as ``sharedProgressDescriptor``
    ///   - number: the number of the worker in the shared progress
    /// - Throws: ``CampaignError`` if the program cannot be started
    init(
        host: any HostProgram, _ task: ChildTask, plugins: [String], reports: SanitizerReports.Use = .counting,
        shared: SharedProgress? = nil, number: Int = 0
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
            pipes: (input.readEnd, output.writeEnd), shared: shared?.file.map { ($0, Self.sharedProgressDescriptor) })
        exit = FileDescriptor(rawValue: process_open_end(process))
        leadsGroup = true
        write(task.bytes)
    }

    /// Starts this program with other arguments and the same input and output.
    ///
    /// - Parameters:
    ///   - plugins: the plug-ins that the process may load
    ///   - shared: the shared progress, which the process finds by ``PluginSandbox/sharedProgress``
    /// - Throws: ``CampaignError`` if the program cannot be started
    init(
        host: any HostProgram, inheriting arguments: [String], plugins: [String], shared: SharedProgress
    ) throws(CampaignError) {
        (number, pipes, leadsGroup) = (0, nil, false)
        let duplicate: FileDescriptor
        do throws(Errno) {
            guard let file = shared.file else { throw .badFileDescriptor }
            // The user may have opened descriptors for the command, which must not be overwritten.
            duplicate = try file.duplicateAside()
        } catch {
            throw CampaignError("\(host.url.path): cannot be started: \(error.reason)")
        }
        defer { duplicate.end() }
        var environment = try PluginSandbox.environment(for: plugins, reports: .showing)
        environment[PluginSandbox.sharedProgressVariable] = String(duplicate.rawValue)
        process = try Self.spawn([host.url.path] + arguments, environment, pipes: nil, shared: (duplicate, duplicate))
        exit = FileDescriptor(rawValue: process_open_end(process))
    }

    /// Ends the process if its end was not waited for, so that it does not stay as a zombie.
    deinit {
        if result == nil {
            kill()
            _ = waitUntilExit(within: Self.deathPatience)
        }
        for descriptor in [exit, pipes?.output, pipes?.input] { descriptor?.end() }
    }

    /// The longest wait for a killed process, which the kernel may hold in a system call.
    ///
    /// - Units: seconds
    private static let deathPatience = 5.0

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
        shared: (own: FileDescriptor, child: FileDescriptor)?
    ) throws(CampaignError) -> pid_t {
        var descriptors: [(own: FileDescriptor, child: FileDescriptor)] = []
        if let pipes { descriptors += [(pipes.input, .standardInput), (pipes.output, .standardOutput)] }
        if let shared { descriptors.append(shared) }
        // The program file may have been replaced or removed since; /proc/self/exe is still this program. The child has
        // its own process group: signals of a terminal, timeout or service manager are for the campaign.
        do throws(Errno) {
            return try ChildProcesses.start(
                words[0] == ownProgram ? "/proc/self/exe" : words[0], words,
                environment: environment,
                descriptors: descriptors, isOwnGroup: pipes != nil)
        } catch {
            throw CampaignError("\(words[0]): cannot be started: \(error.reason)")
        }
    }

    /// The maximum number of rounds, a millisecond apart.
    private static let mostRounds = 100

    /// Kills orphans of ended processes; a plug-in may have moved them into another session.
    ///
    /// Only a subreaper has orphans. A child of another process, such as an exit test, is not to be waited for here.
    private static func killOrphans() {
        if process_adopts_orphans() == 0 { return }
        for _ in 0..<mostRounds {
            let orphans = ChildProcesses.all.filter { child in
                !ChildProcesses.isStarted(child) && PluginSandbox.isInside(child)
            }
            if orphans.isEmpty { return }
            for orphan in orphans { _ = Glibc.kill(orphan, SIGKILL) }
            usleep(1000)
            for orphan in orphans { waitpid(orphan, nil, WNOHANG) }
        }
    }

    /// Lowers the priority of the process and its future children.
    ///
    /// With about a tenth of a processor, a case still completes a thousand times within its time limit.
    func lowerPriority() { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process), 10) }

    /// Kills the process and its process group.
    func kill() {
        if result != nil { return }
        if leadsGroup { _ = Glibc.kill(-process, SIGKILL) }
        _ = Glibc.kill(process, SIGKILL)
    }

    /// Writes to standard input of the process; ignores errors, since it may have ended.
    func write(_ bytes: [UInt8]) { try? pipes?.input.put(bytes) }

    /// The descriptors for `poll`: the output, and the end of the process, after which output may still follow.
    var waited: [pollfd] {
        [pipes?.output, exit].map { pollfd(fd: $0?.rawValue ?? -1, events: Int16(POLLIN), revents: 0) }
    }

    /// Waits for output or the end of the process; returns false after the time in seconds, or on an interrupt.
    func isReady(within seconds: Double) -> Bool { wait(waited, seconds) }

    /// True if there is output, or its end.
    var isReadable: Bool { wait([waited[0]], 0) }

    /// True if the process has ended.
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

    /// Reads the available messages; `nil` at the end of output.
    func read() -> [WorkerMessage]? { readBytes().map { reader.read($0[...]) } }

    /// Reads the last messages of an ended process; does not wait for other processes that keep its output open.
    func readRest() -> [WorkerMessage] {
        var rest: [WorkerMessage] = []
        while isReadable, let messages = read() { rest += messages }
        return rest
    }

    /// Reads the available bytes; `nil` at the end of output.
    func readBytes(upTo limit: Int = 65536) -> [UInt8]? {
        do throws(Errno) {
            let bytes = try pipes?.output.readBytes(limit, retryOnInterrupt: false)
            return bytes?.isEmpty == false ? bytes : nil
        } catch {
            return error == .interrupted ? [] : nil
        }
    }

    /// Waits for the process, kills the processes that it started, and returns its end.
    func waitUntilExit() -> End {
        if let result { return result }
        if leadsGroup {
            // Afterwards its number may be that of another group.
            SystemCall.waitForEndWithoutReaping(of: process)
            _ = Glibc.kill(-process, SIGKILL)
        }
        let status = ChildProcesses.waitForEnd(of: process)
        Self.killOrphans()
        let signal = status & 0x7f
        let code = status >> 8 & 0xff
        let end: End = signal != 0 ? .killed(signal) : code == 0 ? .done : .failed(code)
        result = end
        return end
    }

    /// Waits for the process and returns its end; `nil` if it is still running after the time in seconds.
    func waitUntilExit(within seconds: Double) -> End? {
        if exit.rawValue < 0 { return waitUntilExit() }
        return wait([waited[1]], seconds) ? waitUntilExit() : nil
    }
}
