import Foundation
import Plugins

/// A process that is there for a plug-in to be loaded into, and may be ended by it.
package enum PluginProcess {
    /// How long a plug-in may take to be loaded.
    ///
    /// - Units: seconds
    private static let patience = 10.0

    /// What a plug-in says of itself, which it is asked in another process.
    ///
    /// - Parameters:
    ///   - host: the program that serves as that process
    ///   - limit: how long it may take to be loaded, in seconds, if that is less than what any may; `nil` for no limit
    /// - Throws: ``CampaignError`` when the plug-in cannot be used
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
        // A child that it has left running may hold its output.
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
                    : "\(path): is not loaded within \(ChildExit.seconds((patience * 10).rounded() / 10)); what it does then takes too long"
            )
        }
        switch process.waitUntilExit() {
        case .killed(let signal):
            throw CampaignError("\(path): ends the process with signal \(signal) when it is loaded")
        case .done, .failed:
            // A process that has not begun to load it is not ended by it.
            guard text.first == loading else {
                throw CampaignError("\(path): is not loaded: no process can be made for it; what stands above says why")
            }
            text.removeFirst()
            if let found = try? JSONDecoder().decode(Plugin.Description.self, from: text) { return found }
            let reason = String(decoding: text, as: UTF8.self)
            throw CampaignError(reason.isEmpty ? "\(path): ends the process when it is loaded" : reason)
        }
    }

    /// What a process writes before it loads the plug-in.
    private static let loading = UInt8(ascii: "\n")

    /// Answers ``describe(_:host:within:)`` on standard output: a description in JSON, or a line that says why there is none.
    static func answer(_ file: PluginFile) throws(CampaignError) {
        let output = try WorkerOutput()
        output.write([loading])
        do throws(PluginError) {
            let description = try Plugin(path: file.path, name: file.name).description
            output.write(Array((try? JSONEncoder().encode(description)) ?? Data()))
        } catch { output.write(Array(error.description.utf8)) }
    }

    // MARK: Whole commands

    /// The number of lines, and the end of the work, as this process tells the one that started it.
    private static let board: SharedProgress? = PluginSandbox.board.flatMap { number in
        try? SharedProgress(inherited: number, jobs: 1)
    }

    /// Maps what this process shares with the one that started it, before a plug-in can use the descriptor.
    package static func beginCommand() { _ = board }

    /// Notes the line that a plug-in is about to be run for.
    package static func begin(line: Int) { board?.begin(index: UInt64(line), worker: 0) }

    /// Notes that no plug-in is at work.
    package static func rest() { board?.rest(worker: 0) }

    /// Notes that the command has come to its end, whatever its status: a plug-in may end the process with any.
    package static func endCommand() { board?.noteDone(worker: 0) }

    /// A command that is run in a process which plug-ins may end.
    package struct Command {
        /// The words of the command line.
        package var arguments: [String]
        /// How long a plug-in may take for a line, or `nil` for any time.
        ///
        /// - Units: seconds
        package var timeout: Double?
        /// What lines are read from, as messages call it.
        package var input: String

        package init(_ arguments: [String], timeout: Double? = nil, input: String = "") {
            self.arguments = arguments
            self.timeout = timeout
            self.input = input
        }
    }

    /// How often a process is looked at that may hang.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// Runs a command in a process that plug-ins may end, with the same input and output.
    ///
    /// - Returns: the exit status of the command, also when a plug-in has ended the process
    /// - Throws: ``CampaignError`` when it cannot be started
    package static func run(
        host: any HostProgram, _ command: Command, plugins: [Plugin.Description]
    ) throws(CampaignError) -> Int32 {
        let board = try SharedProgress(inMemoryFor: 1)
        let process = try WorkerProcess(
            host: host, inheriting: command.arguments, plugins: plugins.map(\.path), board: board)
        let cause: String
        switch end(of: process, board, timeout: command.timeout) {
        case nil: cause = "gives no answer within \(ChildExit.seconds(command.timeout ?? 0))"
        case .done? where board.isDone(worker: 0): return 0
        case .failed(let status)? where board.isDone(worker: 0): return status
        case .done?: cause = "ends the process with exit status 0"
        case .failed(let status)?: cause = "ends the process with exit status \(status)"
        case .killed(let signal)?: cause = "ends the process with \(ChildExit.name(ofSignal: signal).uppercased())"
        }
        let names = plugins.map(\.name).joined(separator: " or ")
        let place =
            board.isBusy(worker: 0)
            ? " at line \(board.position(ofWorker: 0).index) of \(command.input); the rest is not carried out" : ""
        Output.note("error: \(names) \(cause)\(place)\n")
        return 77
    }

    /// How a process ended; `nil` when it was killed because it took too long for a line.
    private static func end(
        of process: WorkerProcess, _ board: SharedProgress, timeout: Double?
    ) -> WorkerProcess.End? {
        guard let timeout else { return process.waitUntilExit() }
        var late = (line: UInt64(0), since: Date())
        while true {
            if let end = process.waitUntilExit(within: tick) { return end }
            let line = board.position(ofWorker: 0).index
            if !board.isBusy(worker: 0) || late.line != line {
                late = (line, Date())
            } else if Date().timeIntervalSince(late.since) > timeout {
                process.kill()
                _ = process.waitUntilExit()
                return nil
            }
        }
    }
}
