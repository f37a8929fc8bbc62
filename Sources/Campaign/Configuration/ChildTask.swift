import LinuxBPF

/// The task of a child process: the first message on its standard input.
///
/// - Shape: the length in bytes as a 64-bit word, and JSON
package enum ChildTask: Codable, Sendable {
    /// Runs cases of a campaign in blocks.
    ///
    /// - Parameters:
    ///   - number: the index of the worker
    ///   - first: the unfinished block of another worker, to run first
    case worker(CampaignConfiguration, number: Int, first: UInt64?)
    /// Judges single cases as they are requested.
    case judge(CampaignTarget, CaseBudget)
    /// Loads a plug-in and describes it.
    case describe(PluginFile)
    /// Loads the programs of an object into the running kernel.
    case load(path: String, LoadOptions)

    /// The task in a word.
    package var role: String {
        switch self {
        case .worker: "worker"
        case .judge: "judge"
        case .describe: "describe"
        case .load: "load"
        }
    }
}
