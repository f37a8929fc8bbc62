import ArgumentParser
import Campaign

/// `child`: a process that this program starts; its task is on standard input.
struct Child: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "child", shouldDisplay: false)

    /// The role of the process, for users who list processes.
    @Argument var role: String

    func run() throws {
        do { try ChildTask.receive().run() } catch { throw stop(error) }
    }
}
