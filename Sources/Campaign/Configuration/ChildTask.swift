import Foundation

/// The task of a child process: the first message on its standard input.
///
/// - Shape: the length in bytes as a 64-bit word, and JSON
package enum ChildTask: Codable, Sendable {
    /// Runs cases of a campaign in blocks.
    ///
    /// - Parameters:
    ///   - number: the worker's number on the board
    ///   - first: the unfinished block of another worker, to run first
    case worker(CampaignConfiguration, number: Int, first: UInt64?)
    /// Judges single cases as they are requested.
    case judge(CampaignTarget, CaseBudget)
    /// Loads a plug-in and describes it.
    case describe(PluginFile)

    /// The task in a word.
    package var role: String {
        switch self {
        case .worker: "worker"
        case .judge: "judge"
        case .describe: "describe"
        }
    }

    /// The bytes that ``receive()`` reads.
    var bytes: [UInt8] {
        // Strings and finite numbers can always be encoded.
        JudgeMessage.framed((try? JSONEncoder().encode(self)) ?? Data())
    }

    /// Reads the task of this process from standard input.
    ///
    /// - Throws: ``CampaignError`` if there is none
    package static func receive() throws(CampaignError) -> ChildTask {
        guard let length = JudgeMessage.readWords(1, from: STDIN_FILENO),
            let text = JudgeMessage.readBytes(length[0], from: STDIN_FILENO),
            let task = try? JSONDecoder().decode(ChildTask.self, from: Data(text))
        else { throw CampaignError("no task on standard input: only the program itself starts this command") }
        return task
    }

    /// Runs the task to its end.
    ///
    /// - Throws: ``CampaignError`` if it cannot be run
    package func run() throws(CampaignError) {
        switch self {
        case .worker(let configuration, let number, let first):
            try Worker(configuration: configuration, number: number, first: first).run()
        case .judge(let target, let budget): try target.fuzzTarget.judge(budget)
        case .describe(let file): try PluginProcess.answer(file)
        }
    }
}
