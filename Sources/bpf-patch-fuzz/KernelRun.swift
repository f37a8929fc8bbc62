import ArgumentParser
import Campaign
import KernelRewrites
import LinuxBPF

/// `kernel run`: a campaign against the running kernel.
struct KernelRun: CampaignCommand {
    static let title = "kernel run"

    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a campaign against the running kernel.",
        discussion: """
            Random programs are generated so that every kind of rewrite occurs next to jumps, calls and subprogram \
            borders. Each is loaded and read back. Every jump and call must reach the same target as before, and every \
            subprogram and line must start at the same instruction. No program is pinned, and none is run without \
            --execute. A kernel with a fault may warn, become tainted or crash.

            Without --cases or --time, the campaign runs until it is interrupted. A finding is minimized by loading \
            smaller programs, and written to the folder of --crashes with a C program that reproduces it; 'kernel \
            replay' tests later if a kernel still has the fault. A program whose load kills the process, or takes \
            longer than 30 s, is not minimized and not loaded again.

            These are findings as well: the refusal of a program, since every program is valid, unless it exceeds a \
            limit of the kernel; a warning or error in the kernel's log (/dev/kmsg) during a load; and a probe that \
            shows a fault of the kernel. Code that the checker does not understand is stored like a finding. The exit \
            status is then 1 if there is no other finding, unless --known lists it or --allow-unexplained is given. It \
            is also 1 if the kernel does not show a feature that its release has, since programs with the feature are \
            left out, and if it refuses more than 2 % of the programs.

            With --execute, each program is on disk in the folder of --crashes (running-PROCESS.case) before it is \
            run. If the run ends the machine, the file has its program.

            Kinds of programs, for --profile; kinds that the configuration of this kernel does not support are left \
            out, with a message:
            \(list)

            The first table counts the rewrites of each kind ('all'), and the jumps and calls next to them: to the \
            first rewritten instruction, to the one after the last, to the one before the first, and from one of them. \
            'subprog-start' and 'subprog-end' count rewrites of the first and the last instruction of a subprogram, \
            'adjacent' rewrites directly after another one. The second table counts the kinds of these jumps. --json \
            has the count of each combination. The last tables count the calls of helpers and kernel functions in \
            accepted programs.

            --json prints the fields of 'run', and kernel (its release), loads, accepted, loads_per_second, refused \
            (an array of {reason, count}), not_understood, ambiguous (the results with a second right reading, by \
            rewrite), dropped (findings that another reading of the result does not have), dropped_cases (an array of \
            {index, bucket, difference}), coverage (an array of {rewrite, border, jump, count}), helpers and \
            kernel_functions (arrays of {name, count}), never_seen, left_out (an array of {profile, lacks}), \
            missing_features (an array of {feature, profiles, since, release, error, line}) and, with --execute, \
            executed.

            Example: ten minutes on two cores, with a state folder:
              bpf-patch-fuzz kernel run --time 600 --jobs 2 --state campaign
            """)

    @OptionGroup var range: RangeOptions

    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp("A kind of programs to generate; may be repeated. Default: all.", valueName: "name"))
    var profiles: [ProgramProfile] = []

    @Flag(
        help: """
            Also run correct programs with BPF_PROG_TEST_RUN, with and without the rewrites; both must return the same \
            value.
            """)
    var execute = false

    @Option(
        help: ArgumentHelp(
            """
            Print the program of --index without loading it, as the campaign of a load log made it: the file loads of \
            Tests/VirtualMachine/run.
            """, valueName: "file"))
    var loads: String?

    @OptionGroup var injection: InjectedFaultOption

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @OptionGroup var reporting: ReportOptions

    @Flag(
        name: .customLong("explain-dropped"),
        help: """
            List the findings that were dropped because another reading of the result keeps every rule, with the \
            difference of the readings.
            """)
    var explainsDropped = false

    @OptionGroup var unexplained: UnexplainedOption

    var allowsUnexplained: Bool { unexplained.isAllowed }

    func explain(_ report: CampaignReport) throws {
        if explainsDropped, let kernel = report.results?.kernel { try Output.write(kernel.droppedText) }
    }

    mutating func validate() throws {
        if isOnlyMade && single.index == nil {
            throw ValidationError("--loads is for one case; give --seed and --index as well")
        }
    }

    func prepare(_ target: CampaignTarget) throws {
        guard let target = target.kernel else { return }
        let leftOut = target.leftOut.map(\.text)
        if target.usable.isEmpty && target.facts.faults.isEmpty {
            let missing = target.missingFeatures.map(\.text)
            throw CampaignError("this kernel supports no profile: \((missing + leftOut).joined(separator: "; "))")
        }
        for line in leftOut { complain("left out: \(line)") }
        if let failure = KernelLog().failure {
            complain(
                "note: the kernel's log cannot be read, so that of its warnings only a new taint flag is seen: \(failure)"
            )
        }
        complain(ReplaySession.campaignWarning)
    }
}
