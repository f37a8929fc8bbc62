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
    private static let boardNumber: Int32 = 3
    /// Where that process finds it.
    static let boardPath = "/dev/fd/\(boardNumber)"

    /// The file that this process was started from, as it was called when the first was started.
    private static let ownProgram = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    /// Which of the board's workers it is.
    let number: Int
    /// The descriptor to wait on for ``read()``.
    let descriptor: Int32
    /// Standard input of the process; closed when this one ends, however it does, and the other then ends too.
    private let leash: Int32
    private let process: pid_t
    private var reader = BlockReport.Reader()

    /// Starts this program once more with other arguments, standard input and output being pipes.
    ///
    /// - Parameters:
    ///   - plugins: what may be loaded into it
    ///   - reports: what is wanted of a sanitizer's reports
    ///   - board: the memory to share with it, which it finds at ``boardPath``
    ///   - number: which of the board's workers it is
    /// - Throws: ``CampaignError`` when the program cannot be started
    init(
        program: URL, _ arguments: [String], plugins: [String], reports: SanitizerReports.Use = .counting,
        board: SharedBoard? = nil, number: Int = 0
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
            [program.path] + arguments,
            try Confinement.environment(for: plugins, reports: reports),
            pipes: (input.read, output.write), board: board)
    }

    /// Starts this program once more with other arguments and the same input and output.
    ///
    /// - Parameter plugins: what may be loaded into it
    /// - Throws: ``CampaignError`` when the program cannot be started
    init(program: URL, inheriting arguments: [String], plugins: [String]) throws(CampaignError) {
        (number, descriptor, leash) = (0, -1, -1)
        process = try Self.spawn(
            [program.path] + arguments, try Confinement.environment(for: plugins, reports: .showing), pipes: nil)
    }

    deinit {
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
            throw CampaignError("a worker cannot be started: \(unsafe String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // While somebody is minimising, workers go on until it is full.
        _ = fcntl(ends[1], pipeSizeCommand, pipeSize)
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ words: [String], _ environment: [String: String], pipes: (input: Int32, output: Int32)?,
        board: SharedBoard? = nil
    ) throws(CampaignError) -> pid_t {
        var descriptors: [(own: Int32, child: Int32)] = []
        if let pipes { descriptors += [(pipes.input, STDIN_FILENO), (pipes.output, STDOUT_FILENO)] }
        if let board { descriptors.append((board.descriptor, boardNumber)) }
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

    /// Kills the process.
    func kill() { _ = Glibc.kill(process, SIGKILL) }

    /// Writes to standard input of the process; when that is gone, nothing happens.
    func write(_ bytes: [UInt8]) { _ = Output.put(bytes, leash) }

    /// Whether there is something to read, or the end of output, within a time.
    ///
    /// - Units: seconds
    func isReady(within seconds: Double) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waiting, 1, Int32(seconds * 1000)) > 0
    }

    /// Reads the messages that there are; `nil` at the end of output.
    func read() -> [WorkerMessage]? { readBytes().map { reader.read($0[...]) } }

    /// Reads what there is; `nil` at the end of output.
    func readBytes() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { return [] }
        return count <= 0 ? nil : Array(buffer[..<count])
    }

    /// Waits for the process and says how it ended.
    func waitUntilExit() -> End {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        if signal != 0 { return .killed(signal) }
        let code = status >> 8 & 0xff
        return code == 0 ? .done : .failed(code)
    }
}
