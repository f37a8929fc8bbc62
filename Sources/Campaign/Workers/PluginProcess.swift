import Foundation
import Plugins

/// Child processes for plug-ins, which may crash.
package enum PluginProcess {
    /// The time limit for loading a plug-in.
    ///
    /// - Units: seconds
    private static let patience = 10.0

    /// Loads a plug-in in a child process and returns its description.
    ///
    /// - Parameters:
    ///   - host: the program of the child process
    ///   - limit: a shorter time limit for loading in seconds, or `nil`
    /// - Throws: ``CampaignError`` if the plug-in cannot be used
    static func describe(
        _ file: PluginFile, host: any HostProgram, within limit: Double?
    ) throws(CampaignError) -> Plugin.Description {
        let path = file.path
        let process = try WorkerProcess(
            host: host, .describe(file), plugins: [path])
        var text = Data()
        let patience = min(limit ?? patience, patience)
        let end = Date() + patience
        var isAtEnd = false
        // A process that the plug-in started may keep the pipe open.
        while !process.hasEnded || (!isAtEnd && process.isReadable) {
            if Interrupt.isRequested || Date() > end { break }
            if isAtEnd {
                _ = process.waitUntilExit(within: 0.1)
            } else if process.isReady(within: 0.1), process.isReadable {
                if let bytes = process.readBytes() { text += bytes } else { isAtEnd = true }
            }
        }
        if !process.hasEnded {
            process.kill()
            _ = process.waitUntilExit()
            throw CampaignError(
                Interrupt.isRequested
                    ? "interrupted before the first case"
                    : "\(path): is not loaded within \(ChildExit.seconds((patience * 10).rounded() / 10)); its constructors take too long"
            )
        }
        switch process.waitUntilExit() {
        case .killed(let signal):
            throw CampaignError("\(path): ends the process with signal \(signal) when it is loaded")
        case .done, .failed:
            // A process that died before loading the plug-in was not killed by it.
            guard text.first == loading else {
                throw CampaignError(
                    "\(path): is not loaded: its process cannot be started, for the reason printed above")
            }
            text.removeFirst()
            if let found = try? JSONDecoder().decode(Plugin.Description.self, from: text) { return found }
            let reason = String(decoding: text, as: UTF8.self)
            throw CampaignError(reason.isEmpty ? "\(path): ends the process when it is loaded" : reason)
        }
    }

    /// The byte that the child writes before it loads the plug-in.
    private static let loading = UInt8(ascii: "\n")

    /// Answers ``describe(_:host:within:)`` on standard output: a description in JSON, or an error text.
    static func answer(_ file: PluginFile) throws(CampaignError) {
        let output = try WorkerOutput()
        output.write([loading])
        do throws(PluginError) {
            let description = try Plugin(path: file.path, name: file.name).description
            output.write(Array((try? JSONEncoder().encode(description)) ?? Data()))
        } catch { output.write(Array(error.description.utf8)) }
    }

    // MARK: Whole commands

    /// The memory in which this process reports the current line and its completion to its parent.
    private static let shared: SharedProgress? = PluginSandbox.sharedProgress.flatMap { number in
        try? SharedProgress(inherited: number, jobs: 1)
    }

    /// Maps the memory shared with the parent before a plug-in can use its descriptor.
    package static func beginCommand() { _ = shared }

    /// Reports the line that a plug-in is about to run.
    package static func begin(line: Int) { shared?.begin(index: UInt64(line), worker: 0) }

    /// Reports that no plug-in is running.
    package static func rest() { shared?.rest(worker: 0) }

    /// Reports that the command has completed. Its status does not show that, since a plug-in may exit with any status.
    package static func endCommand() { shared?.markDone(worker: 0) }

    /// A command that runs in a child process.
    package struct Command {
        /// The words of the command line.
        package var arguments: [String]
        /// The time limit of a plug-in for a line, or `nil`.
        ///
        /// - Units: seconds
        package var timeout: Double?
        /// The name of the input in messages.
        package var input: String

        package init(_ arguments: [String], timeout: Double? = nil, input: String = "") {
            self.arguments = arguments
            self.timeout = timeout
            self.input = input
        }
    }

    /// The interval at which a process is checked for hangs.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// Runs a command with the same input and output in a child process, since plug-ins may crash.
    ///
    /// - Returns: the exit status of the command; 77 if a plug-in ended the process
    /// - Throws: ``CampaignError`` if the process cannot be started
    package static func run(
        host: any HostProgram, _ command: Command, plugins: [Plugin.Description]
    ) throws(CampaignError) -> Int32 {
        let shared = try SharedProgress(inMemoryFor: 1)
        let process = try WorkerProcess(
            host: host, inheriting: command.arguments, plugins: plugins.map(\.path), shared: shared)
        let cause: String
        switch end(of: process, shared, timeout: command.timeout) {
        case nil: cause = "does not return within \(ChildExit.seconds(command.timeout ?? 0))"
        case .done? where shared.isDone(worker: 0): return 0
        case .failed(let status)? where shared.isDone(worker: 0): return status
        case .done?: cause = "ends the process with exit status 0"
        case .failed(let status)?: cause = "ends the process with exit status \(status)"
        case .killed(let signal)?: cause = "ends the process with \(ChildExit.name(ofSignal: signal).uppercased())"
        }
        let names = plugins.map(\.name).joined(separator: " or ")
        let place =
            shared.isBusy(worker: 0)
            ? " at line \(shared.position(ofWorker: 0).index) of \(command.input); the remaining lines were not run"
            : ""
        Output.note("error: \(names) \(cause)\(place)\n")
        return 77
    }

    /// Waits for a process and returns its end; kills it and returns `nil` if a line exceeds the time limit.
    private static func end(
        of process: WorkerProcess, _ shared: SharedProgress, timeout: Double?
    ) -> WorkerProcess.End? {
        guard let timeout else { return process.waitUntilExit() }
        var late = (line: UInt64(0), since: Date())
        while true {
            if let end = process.waitUntilExit(within: tick) { return end }
            let line = shared.position(ofWorker: 0).index
            if !shared.isBusy(worker: 0) || late.line != line {
                late = (line, Date())
            } else if Date().timeIntervalSince(late.since) > timeout {
                process.kill()
                _ = process.waitUntilExit()
                return nil
            }
        }
    }
}
