import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Plugins
import SystemPackage
import UserFiles

/// `compare`: runs two patchers on the same cases and reports the difference.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run two kernel trees or plug-ins on the same cases, and report what the second one changes.",
        usage: "bpf-patch-fuzz compare <base> <patched> [<options>]",
        discussion: """
            BASE and PATCHED are kernel trees (checkouts, unpacked source packages, or their .tar.xz), which are built \
            as by 'plugin build', or plug-ins. Both run the same cases. A finding of one side is run on the other side \
            as well, so that one which the random cases missed there is not reported as a difference. The names of the \
            targets are base and patched. The plug-ins are written to the folder for findings, to replay them.

            Without --cases, the campaign takes 45 s, or --time. Without --jobs, it uses every processor. The speed is \
            the number of cases that one processor completes in a second with one side alone.

            The exit status is 77 only if PATCHED has findings that BASE does not have.

            --json prints one object: base and patched ({path, release, cases_per_second}), seed, cases, seconds, \
            only_patched, only_base and both (arrays of findings as in 'run'), and gaps (sentences).

            Examples: a patch series in a worktree, and two releases:
              bpf-patch-fuzz compare ~/linux ~/linux-series
              bpf-patch-fuzz compare /usr/src/linux-source-6.1.tar.xz \\
                /usr/src/linux-source-6.12.tar.xz

            To find the commit that added a finding, with the good release as BASE:
              git bisect run bpf-patch-fuzz compare --bisect ~/linux-good .
            """)

    @Argument(help: ArgumentHelp("The kernel tree or plug-in to compare with.", valueName: "base"))
    var base: String

    @Argument(help: ArgumentHelp("The kernel tree or plug-in with the change.", valueName: "patched"))
    var patched: String

    @Option(
        parsing: .unconditional, help: "The seed of all random choices. Default: 1.", transform: NumberOption.seed)
    var seed: UInt64 = 1

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The number of cases to run, such as 1e6.", valueName: "n"),
        transform: NumberOption.positiveCount)
    var cases: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The time limit of the campaign: seconds, or 90s, 1.5h. Default: 45s, or none with --cases.",
            valueName: "time"), transform: NumberOption.time(from: 0.001))
    var time: Double?

    @Option(
        parsing: .unconditional, help: "The number of worker processes. Default: one for each processor.",
        transform: NumberOption.count(in: 1...4096))
    var jobs: Int?

    @Option(help: ArgumentHelp("The folder for findings and plug-ins. Default: Crashes.", valueName: "dir"))
    var crashes = CampaignConfiguration.defaultOutput

    @OptionGroup var known: KnownOption

    @Flag(
        help: """
            For git bisect run: exit with status 125 if PATCHED does not build, and 128 for any other error.
            """)
    var bisect = false

    @Flag(help: "Print one line of JSON instead of text.")
    var json = false

    @OptionGroup var files: ReportFileOptions

    /// Prints the speed of the plug-ins, in a process that they may end.
    @Flag(help: .hidden)
    var measure = false

    /// The time of the campaign without `--cases` and `--time`.
    ///
    /// - Units: seconds
    private static let usualTime = 45.0
    /// The longest measurement of one side.
    ///
    /// - Units: seconds
    private static let longestMeasurement = 20.0

    mutating func validate() throws {
        if bisect && files.kselftest {
            throw ValidationError("--bisect and --kselftest define different exit statuses; name one of them")
        }
    }

    func run() throws {
        if measure { return try printSpeed() }
        do {
            try files.run("compare", compare)
        } catch let code as ExitCode where bisect {
            throw [.findings, PluginBuild.untestable].contains(code) ? code : PluginBuild.harmed
        }
    }

    private func compare(_ reports: ReportFiles) throws -> (report: TestReport, status: ExitCode) {
        Interrupt.watch()
        let list = try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) } ?? KnownBuckets()
        try CrashFolder(path: crashes).check()
        for path in [base, patched] {
            guard let type = try? FileType(of: path) else {
                throw CampaignError("\(path): there is no such kernel tree or plug-in")
            }
            if type != .regular && type != .directory {
                throw CampaignError("\(path): is \(type.words); name a kernel tree or a plug-in")
            }
        }
        let limit = time.map(CampaignClock.loadingTime)
        let sources = try zip(ComparisonReport.Role.allCases, [base, patched]).map { try source($0, $1) }
        // Both sides are read before a file is written.
        for case .plugin(let file) in sources {
            _ = try PatcherChoice.plugins([file], host: Executable(), within: limit)
        }
        let plugins = try sources.map(plugin)
        let choices = try PatcherChoice.plugins(
            plugins, host: Executable(), within: limit)
        try refuseKernelPasses(choices, in: Self._commandName)
        let target = PatcherTarget(choices)
        var configuration = CampaignConfiguration(
            target: .patchers(target), cases: CampaignConfiguration.Cases(seed: seed, limit: cases), output: crashes)
        configuration.budget.time = time ?? (cases == nil ? Self.usualTime : nil)
        configuration.budget.jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        let campaign = try Campaign(
            configuration: configuration, host: Executable(), session: CampaignSession(known: list))
        var found = try campaign.run()
        found.mark(list, host: Executable())

        let judge = ComparisonJudge(target, host: Executable())
        var sides = zip([base, patched], plugins).map { path, plugin in
            ComparisonReport.Side(
                path: path, release: choices.first { $0.plugin?.path == plugin.path }?.plugin?.release)
        }
        for number in sides.indices {
            sides[number].casesPerSecond = PatcherSpeed.measure(
                [
                    Self._commandName, "--measure", "--seed", String(seed), plugins[number].path, plugins[number].path,
                ], host: Executable(), limit: Self.longestMeasurement)
        }
        let report = ComparisonReport(found, base: sides[0], patched: sides[1]) { judge.fails($0, on: $1) }
        if let failure = judge.failure { throw failure }
        if json { try Output.json(report) } else { try Output.write(report.text) }
        for gap in report.gaps { complain("error: \(gap)") }
        var test = TestReport(report, command: "compare", plugins: plugins, host: Executable())
        if reports.needsPictures { CasePainter(plugins: plugins, host: Executable()).paint(&test) }
        return (test, report.hasNews ? .findings : report.gaps.isEmpty ? .success : .failure)
    }

    /// The source of a side's plug-in.
    private enum Source {
        case plugin(PluginFile)
        case tree(KernelTree, ComparisonReport.Role)
    }

    /// Reads a side, and writes nothing.
    private func source(_ role: ComparisonReport.Role, _ path: String) throws -> Source {
        var isFolder: ObjCBool = false
        _ = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if !isFolder.boolValue && !path.hasSuffix(".tar.xz") {
            return .plugin(PluginFile(path: path, name: role.rawValue))
        }
        return try onTree(role) {
            var progress = UnpackingProgress(archive: path)
            defer { progress.end() }
            return .tree(try KernelTree(path: path) { progress.show($0) }, role)
        }
    }

    /// The plug-in of a side: a kernel tree is built.
    private func plugin(_ source: Source) throws -> PluginFile {
        switch source {
        case .plugin(let file): return file
        case .tree(let tree, let role):
            try onWritingFolder(crashes)
            let output = "\(crashes)/\(role.rawValue).so"
            _ = try onTree(role) { try KernelPlugin(of: tree, output: output) }
            return PluginFile(path: output.contains("/") ? output : "./" + output, name: role.rawValue)
        }
    }

    /// Works on a kernel tree; a fault of the tree ends the command.
    private func onTree<Result>(_ role: ComparisonReport.Role, _ work: () throws -> Result) throws -> Result {
        SignalCleanup.begin()
        defer { SignalCleanup.standAside() }
        do { return try work() } catch let fault as KernelTreeFault {
            complain("error: \(fault)")
            throw bisect && role == .patched ? PluginBuild.untestable : ExitCode.failure
        }
    }

    /// Makes the folder for plug-ins.
    private func onWritingFolder(_ path: String) throws {
        do { try Folder.make(path) } catch {
            throw CampaignError("\(error); this is the folder for findings and plug-ins")
        }
    }

    private func printSpeed() throws {
        do {
            let choices = try PatcherChoice.plugins(
                [PluginFile(path: base, name: ComparisonReport.Role.base.rawValue)], host: Executable())
            try confine(choices)
            try Output.json(PatcherSpeed(of: choices, seed: seed))
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }
}
