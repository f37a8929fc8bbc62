import Foundation
import SystemPackage
import UserFiles

/// Runs a command of this program in a child process and reads its output.
enum HostOutput {
    /// The standard output of a command; `nil` if it cannot be started, fails, or takes too long.
    ///
    /// - Parameters:
    ///   - words: the words of the command line after the program
    ///   - limit: the longest run time in seconds
    static func text(of words: [String], host: any HostProgram, limit: Double = 60) -> String? {
        guard let folder = try? TemporaryFolder.make() else { return nil }
        defer { TemporaryFolder.remove(folder) }
        guard let nothing = try? FileDescriptor.opening("/dev/null", .readWrite) else { return nil }
        defer { nothing.end() }
        let path = folder + "/output"
        guard let output = try? FileDescriptor.opening(path, .writeOnly, .create, permissions: .ownerReadWrite) else {
            return nil
        }
        defer { output.end() }
        let child = try? ChildProcesses.start(
            host.url.path, [host.url.path] + words, environment: ProcessInfo.processInfo.environment,
            descriptors: [(nothing, .standardInput), (output, .standardOutput), (nothing, .standardError)],
            isOwnGroup: true, defaults: 1...31)
        guard let child else { return nil }
        let end = Date().addingTimeInterval(limit)
        while true {
            if let status = ChildProcesses.endStatus(of: child) {
                if status != 0 { return nil }
                return (try? FileReader.bytes(of: path)).flatMap { String(validating: $0, as: UTF8.self) }
            }
            if Date() > end || Interrupt.isRequested {
                kill(-child, SIGKILL)
                ChildProcesses.waitForEnd(of: child)
                return nil
            }
            usleep(5000)
        }
    }
}
