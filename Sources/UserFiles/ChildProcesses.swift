import Glibc

/// The child processes of this one.
package enum ChildProcesses {
    /// Those that have not been waited for; none where the kernel does not list them (`CONFIG_PROC_CHILDREN`).
    package static var all: [pid_t] {
        let own = "/proc/self/task"
        return ((try? SystemCall.names(in: own)) ?? []).flatMap { thread -> [pid_t] in
            let bytes = (try? FileReader.bytes(of: "\(own)/\(thread)/children")) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }
    }
}
