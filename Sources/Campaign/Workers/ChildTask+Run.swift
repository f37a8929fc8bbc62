import Foundation
import SystemPackage

extension ChildTask {
    /// The bytes that ``receive()`` reads.
    var bytes: [UInt8] {
        // Strings and finite numbers can always be encoded.
        JudgeMessage.framed((try? JSONEncoder().encode(self)) ?? Data())
    }

    /// Reads the task of this process from standard input.
    ///
    /// - Throws: ``CampaignError`` if there is none
    package static func receive() throws(CampaignError) -> ChildTask {
        guard let length = JudgeMessage.readWords(1, from: .standardInput),
            let text = JudgeMessage.readBytes(length[0], from: .standardInput),
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
        case .load(let path, let options): try ObjectProcess.answer(path, options)
        }
    }
}
