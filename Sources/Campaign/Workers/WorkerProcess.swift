import Foundation

/// A worker as its campaign sees it: a process and the lines that it writes.
///
/// Started with `posix_spawn` rather than by Foundation, whose way of waiting costs a tenth of a second each time.
final class WorkerProcess {
    /// How a worker ended.
    enum End: Equatable {
        case done
        /// It ended with an error status of its own.
        case failed(Int32)
        /// A signal killed it.
        case killed(Int32)
    }

    /// How long one case may take; the largest ones take milliseconds.
    ///
    /// - Units: seconds
    static let patience = 10.0

    /// Which of the board's workers it is.
    let number: Int
    /// The descriptor to wait on for ``read()``.
    let descriptor: Int32
    /// Closed when this campaign ends, however it does; the worker then ends too.
    private let leash: Int32
    private let process: pid_t
    private var reader = BlockReport.Reader()

    /// Starts a worker.
    ///
    /// - Throws: ``CampaignError`` when the program cannot be started
    convenience init(
        program: URL, settings: CampaignSettings, board: String, number: Int, first: UInt64?,
        skipped: Set<UInt64>, alone: UInt64? = nil
    ) throws(CampaignError) {
        var words = [program.path, "worker", "--board", board, "--number", String(number)]
        if let first { words += ["--first", String(first)] }
        if let alone { words += ["--alone", String(alone)] }
        words += skipped.sorted().flatMap { ["--skip", String($0)] } + settings.arguments
        try self.init(words, number: number)
    }

    /// Starts a program whose standard input and output are pipes.
    private init(_ words: [String], number: Int) throws(CampaignError) {
        self.number = number
        let input = try Self.makePipe()
        let output = try Self.makePipe()
        (descriptor, leash) = (output.read, input.write)
        defer {
            close(input.read)
            close(output.write)
        }
        process = try Self.spawn(words, input: input.read, output: output.write)
    }

    deinit {
        close(descriptor)
        close(leash)
    }

    /// Runs a program to its end, for as long as one case may take; gives `nil` when it had to be killed.
    ///
    /// - Throws: ``CampaignError`` when it cannot be started
    static func run(_ words: [String]) throws(CampaignError) -> End? {
        try WorkerProcess(words, number: 0).waitPatiently()
    }

    /// Waits as long as one case may take; gives `nil` when the process had to be killed.
    func waitPatiently() -> End? {
        while isReady(within: WorkerProcess.patience) {
            if read() == nil { return waitUntilExit() }
        }
        kill()
        _ = waitUntilExit()
        return nil
    }

    /// Makes a pipe whose ends no other process inherits: a worker must see when its campaign is gone.
    private static func makePipe() throws(CampaignError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else {
            throw CampaignError("a worker cannot be started: \(unsafe String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(_ words: [String], input: Int32, output: Int32) throws(CampaignError) -> pid_t {
        // A trap must end a worker at once; the case that caused it is known from the board.
        unsafe setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for number in unsafe arguments.indices { unsafe free(arguments[number]) } }
        // A worker starts with no signal blocked, whatever this process has inherited, and in a group of its own: what
        // a terminal, timeout or a service manager sends to this group is the campaign's to answer.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, words[0], &actions, &attributes, &arguments, environ)
        guard status == 0 else {
            throw CampaignError("\(words[0]): cannot be started: \(unsafe String(cString: strerror(status)))")
        }
        return process
    }

    /// Kills the process.
    func kill() { _ = Glibc.kill(process, SIGKILL) }

    /// Whether there is something to read, or the end of output, within a time.
    func isReady(within seconds: Double) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waiting, 1, Int32(seconds * 1000)) > 0
    }

    /// Reads what there is; `nil` at the end of output.
    func read() -> [BlockReport]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { return [] }
        return count <= 0 ? nil : reader.read(buffer[..<count])
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
