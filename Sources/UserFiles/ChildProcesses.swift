import CProcess
import Glibc
import Synchronization
import SystemPackage

/// The child processes of this one.
package enum ChildProcesses {
    /// The children that have not been reaped. Empty on a kernel without `CONFIG_PROC_CHILDREN`.
    package static var all: [pid_t] { children(of: getpid()) }

    /// The children of a process; see ``all``.
    package static func children(of process: pid_t) -> [pid_t] {
        let tasks = "/proc/\(process)/task"
        return ((try? SystemCall.names(in: tasks)) ?? []).flatMap { thread -> [pid_t] in
            let bytes = (try? FileReader.bytes(of: "\(tasks)/\(thread)/children")) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// The processes that were started and whose end was not seen.
    private static let started = Mutex<Set<pid_t>>([])

    /// Returns true if this program started a process, and has not seen its end.
    package static func isStarted(_ process: pid_t) -> Bool { started.withLock { $0.contains(process) } }

    /// Waits for the end of a started process.
    ///
    /// - Returns: its wait status
    @discardableResult
    package static func waitForEnd(of process: pid_t) -> Int32 {
        defer { started.withLock { _ = $0.remove(process) } }
        return SystemCall.waitForEnd(of: process)
    }

    /// The wait status of a started process that has ended, or `nil`.
    package static func endStatus(of process: pid_t) -> Int32? {
        guard let status = SystemCall.endStatus(of: process) else { return nil }
        started.withLock { _ = $0.remove(process) }
        return status
    }

    /// Starts a program with no signal blocked.
    ///
    /// - Parameters:
    ///   - descriptors: descriptors of this process, and their numbers in the child
    ///   - folder: the working directory, or `nil` for that of this process
    ///   - isOwnGroup: true to make it the leader of a new process group, so that Ctrl-C does not reach it
    ///   - defaults: the signals to reset, also if this process ignores them
    package static func start(
        _ file: String, _ words: [String], environment: [String: String],
        descriptors: [(own: FileDescriptor, child: FileDescriptor)], folder: String? = nil, isOwnGroup: Bool,
        defaults: some Sequence<Int32> = []
    ) throws(Errno) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (own, child) in descriptors {
            unsafe posix_spawn_file_actions_adddup2(&actions, own.rawValue, child.rawValue)
        }
        if let folder { _ = unsafe process_start_in(&actions, folder) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, reset) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigemptyset(&reset)
        for signal in defaults { unsafe sigaddset(&reset, signal) }
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &reset)
        let flags =
            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (isOwnGroup ? POSIX_SPAWN_SETPGROUP : 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        let owned = unsafe arguments + variables
        defer { for number in unsafe owned.indices { unsafe free(owned[number]) } }
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, file, &actions, &attributes, &arguments, &variables)
        if status != 0 { throw Errno(rawValue: status) }
        started.withLock { _ = $0.insert(process) }
        return process
    }

    /// Starts a program of `PATH`, which ``SignalCleanup`` kills with its children.
    ///
    /// - Parameter standard: its standard input, output and error
    /// - Throws: the reason why `/usr/bin/env` cannot be started; a missing program ends with status 127
    package static func startTool(
        _ words: [String], environment: [String: String], folder: String? = nil,
        standard: (input: FileDescriptor, output: FileDescriptor, errors: FileDescriptor)
    ) throws(Errno) -> pid_t {
        try start(
            "/usr/bin/env", ["env"] + words, environment: environment,
            descriptors: [
                (standard.input, .standardInput), (standard.output, .standardOutput),
                (standard.errors, .standardError),
            ], folder: folder, isOwnGroup: true, defaults: 1...31)
    }
}
