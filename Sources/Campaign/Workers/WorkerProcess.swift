import Foundation

/// A worker as its campaign sees it: a process and the lines that it writes.
final class WorkerProcess {
    /// How a worker ended.
    enum End: Equatable {
        case done
        /// It ended with an error status of its own.
        case failed(Int32)
        /// A signal killed it.
        case killed(Int32)
    }

    /// Which of the board's workers it is.
    let number: Int
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private var unread: [UInt8] = []

    /// Starts a worker.
    ///
    /// - Throws: ``CampaignError`` when the program cannot be started
    init(
        program: URL, settings: CampaignSettings, board: String, number: Int, rest: Range<UInt64>,
        skipped: Set<UInt64>
    ) throws(CampaignError) {
        self.number = number
        process.executableURL = program
        process.arguments =
            [
                "worker", "--board", board, "--number", String(number), "--from", String(rest.lowerBound), "--until",
                String(rest.upperBound),
            ] + skipped.sorted().flatMap { ["--skip", String($0)] } + settings.arguments
        process.standardInput = input
        process.standardOutput = output
        // A trap must end a worker at once; the case that caused it is known from the board.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do { try process.run() } catch {
            throw CampaignError("\(program.path): cannot be started: \(error.localizedDescription)")
        }
    }

    /// The descriptor to wait on for ``read()``.
    var descriptor: Int32 { output.fileHandleForReading.fileDescriptor }

    /// Reads what there is; `nil` at the end of output.
    func read() -> [Sighting]? {
        let data = output.fileHandleForReading.availableData
        if data.isEmpty { return nil }
        unread += data
        var sightings: [Sighting] = []
        while let end = unread.firstIndex(of: 10) {
            if let sighting = Sighting(line: Substring(decoding: unread[..<end], as: UTF8.self)) {
                sightings.append(sighting)
            }
            unread.removeSubrange(...end)
        }
        return sightings
    }

    /// Waits for the process and says how it ended.
    func waitUntilExit() -> End {
        process.waitUntilExit()
        if process.terminationReason == .uncaughtSignal { return .killed(process.terminationStatus) }
        return process.terminationStatus == 0 ? .done : .failed(process.terminationStatus)
    }
}
