import Foundation
import Synchronization
import SystemPackage

/// Starts programs with `posix_spawn`, since waiting with Foundation's `Process` takes a tenth of a second.
enum ChildStart {
    /// The started processes, without workers that have ended.
    static let started = Mutex<Set<pid_t>>([])

    /// Starts a program with all signals unblocked.
    ///
    /// - Parameters:
    ///   - environment: the variables, each as `NAME=VALUE`
    ///   - descriptors: descriptors of this process, and their numbers in the child
    ///   - isOwnGroup: true for a new process group, which signals to the group of this process do not reach
    ///   - defaults: the signals whose default actions are restored
    /// - Returns: the process, and 0 or an `errno`
    static func spawn(
        _ file: String, _ words: [String], environment: [String],
        descriptors: [(own: FileDescriptor, child: FileDescriptor)], isOwnGroup: Bool, defaults: [Int32] = []
    ) throws(Errno) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (own, child) in descriptors {
            unsafe posix_spawn_file_actions_adddup2(&actions, own.rawValue, child.rawValue)
        }
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
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        let owned = unsafe arguments + variables
        defer { for number in unsafe owned.indices { unsafe free(owned[number]) } }
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, file, &actions, &attributes, &arguments, &variables)
        if status != 0 { throw Errno(rawValue: status) }
        started.withLock { _ = $0.insert(process) }
        return process
    }
}
