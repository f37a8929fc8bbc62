import Foundation
import TestSupport

extension Tool {
    /// An expected event that did not happen.
    struct Missed: Error, CustomStringConvertible {
        var description: String
    }

    /// The longest time that a test waits for an event; enough for a slow machine.
    ///
    /// - Units: seconds
    static let patience = 900.0

    /// Options for campaigns that do not test hangs: on a busy machine, a long case may take a debug build longer than the
    /// default of 2 seconds.
    static let patiently = ["--timeout", "600"]

    /// Waits until a condition is true, while a process runs.
    ///
    /// - Parameters:
    ///   - event: the condition in words, for the error
    ///   - process: the process that causes it
    /// - Throws: ``Missed`` if the process ends first, or after ``patience``
    static func wait(for event: String, of process: TestProcess? = nil, until isTrue: () throws -> Bool) throws {
        let start = DispatchTime.now().uptimeNanoseconds
        while true {
            // The condition may become true right before the process ends.
            let isLast = process.map { !$0.isRunning } ?? false
            if try isTrue() { return }
            if isLast { throw Missed(description: "the tool ended before this came: \(event)") }
            if Double(DispatchTime.now().uptimeNanoseconds - start) > patience * 1e9 {
                throw Missed(description: "this did not come within \(Int(patience)) seconds: \(event)")
            }
            usleep(2_000)
        }
    }

    /// The text that a running process has written to standard output so far.
    static func output(of process: TestProcess) -> String {
        (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/fd/1", encoding: .utf8)) ?? ""
    }

    /// The worker processes of a campaign.
    static func workers(of process: pid_t) -> [pid_t] {
        let path = "/proc/\(process)/task/\(process)/children"
        let children = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ")
        return children.compactMap { pid_t($0) }.filter { child in
            let words = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
            return words.split(separator: "\0").dropFirst().contains("worker")
        }
    }
}
