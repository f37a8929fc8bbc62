import Foundation

/// This program: its file and its command line.
struct Executable: Sendable {
    /// The file that this process was started from.
    var url: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

    var commandLine = CommandLine.arguments

    let restartOption = "--restart"
    let resumeOption = "--resume"
    let stateOption = "--state"
}
