import ArgumentParser
import Campaign

/// `kernel run`: a campaign against the running kernel.
struct KernelRun: CampaignCommand {
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
            replay' tests later if a kernel still has the fault. Code that the checker does not understand is also a \
            finding. A program whose load kills the process, or takes longer than 30 s, is not minimized and not \
            loaded again.

            Kinds of programs, for --profile; kinds that the configuration of this kernel does not support are left \
            out, with a message:
            \(KernelCampaignOptions.list)

            The first table counts the rewrites of each kind ('all'), and the jumps and calls next to them: to the \
            first rewritten instruction, to the one after the last, to the one before the first, and from one of them. \
            'subprog-start' and 'subprog-end' count rewrites of the first and the last instruction of a subprogram, \
            'adjacent' rewrites directly after another one. The second table counts the kinds of these jumps. --json \
            has the count of each combination.

            --json prints the fields of 'run', and kernel (its release), loads, accepted, loads_per_second, refused \
            (an array of {reason, count}), not_understood, coverage (an array of {rewrite, border, jump, count}), \
            never_seen, left_out (an array of {profile, lacks}) and, with --execute, executed.

            Example: ten minutes on two cores, with a state folder:
              bpf-patch-fuzz kernel run --time 600 --jobs 2 --state campaign
            """)

    @OptionGroup var options: KernelCampaignOptions

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @OptionGroup var reporting: ReportOptions

    func prepare(_ target: CampaignTarget) throws {
        guard let target = target.kernel else { return }
        let leftOut = target.leftOut.map(\.text)
        if target.usable.isEmpty {
            throw CampaignError("this kernel supports no profile: \(leftOut.joined(separator: "; "))")
        }
        for line in leftOut { complain("left out: \(line)") }
        complain(ReplaySession.campaignWarning)
    }
}
