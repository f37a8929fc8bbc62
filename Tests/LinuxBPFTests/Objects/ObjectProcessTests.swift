import Foundation
import LinuxBPF
import Testing

@testable import Campaign

/// Child processes that end as libbpf may make them end.
@Suite struct ObjectProcessTests {
    /// A program that does the work of a script instead.
    struct Script: HostProgram {
        /// No file of its own: a process that another test starts may still have that open for writing.
        let url = URL(fileURLWithPath: "/bin/sh")
        let text: String
        private let tool = ToolHost()

        var commandLine: [String] { tool.commandLine }
        var restartOption: String { tool.restartOption }
        var resumeOption: String { tool.resumeOption }
        var stateOption: String { tool.stateOption }
        func childArguments(for task: ChildTask) -> [String] { ["-c", text] }
        func options(of configuration: CampaignConfiguration) -> [String] { [] }
        func option(naming path: String) -> String { path }
        func command(resuming state: String, of target: CampaignTarget) -> [String] { commandLine }
        func command(showing file: String, plugins: [PluginFile]) -> [String] { commandLine }
        func command(drawing file: String, plugins: [PluginFile]) -> [String] { commandLine }
        func command(replaying file: String, isKernel: Bool, plugins: [PluginFile]) -> [String] { commandLine }
        func command(running target: CampaignTarget) -> [String] { commandLine }
    }

    /// The message that an object was opened, as a command of a shell.
    static let opened: String = {
        let text = #"{"event":{"_0":{"object":{"programs":["first","second"]}}}}"#
        // The length is in octal, in the first of eight bytes.
        return "printf '\\" + String(text.utf8.count, radix: 8) + #"\0\0\0\0\0\0\0%s' '"# + text + "'"
    }()

    @Test(
        "A process that ends, hangs or writes something else is named with its object",
        arguments: [
            ("kill -SEGV $$", "opening the object ends the process with SIGSEGV"),
            ("kill -BUS $$", "opening the object ends the process with SIGBUS"),
            ("exit 3", "opening the object ends the process with exit status 3"),
            ("exec 0<&- 1>&- 2>&-", "opening the object ends the process"),
            ("echo nothing that is a message", "opening the object ends the process"),
            ("exec sleep 60", "loading the object takes more than 0.5 s"),
            ("\(opened); kill -ABRT $$", "loading program 'first' ends the process with SIGABRT"),
            ("\(opened); exec sleep 60", "loading program 'first' takes more than 0.5 s"),
        ])
    func end(script: String, reason: String) throws {
        let process = ObjectProcess(LoadOptions(), host: Script(text: script), patience: 0.5)
        var events = 0
        let error = try process.load("/some/object.o") { _ in events += 1 }
        #expect(error == ObjectError(object: "/some/object.o", .lost(reason)))
        #expect(events == (script.contains("printf") ? 1 : 0))
    }
}
