import ArgumentParser
import Campaign

/// `kernel run`: a campaign against the running kernel.
struct KernelRun: CampaignCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a campaign against the running kernel.",
        discussion: """
            Programs are made at random so that every kind of rewrite happens at every kind of border. Each is loaded and \
            read back, and every jump, call, subprogram and line must be where it was before. Nothing is pinned, and \
            nothing is run unless --execute says so. A kernel that has a fault may warn, be tainted or stop.

            Without --cases or --time it runs until it is interrupted. A finding is minimized by loading smaller programs, \
            and written to the folder of --crashes with a C program that shows it by itself; 'replay' says later whether a \
            kernel still does. A place that the checker does not understand is a finding too. A program whose load ends the \
            process, or does not end within 30 s, is kept as it is and not loaded again.

            Kinds of programs, for --profile; those that cannot be had with this kernel as it is set are named and left out:
            \(KernelCampaignOptions.list)

            The table says how many rewrites of each kind there were ('all'), and how many jumps and calls met them: to the \
            first instruction that was rewritten, to the one after the last, to the one before the first, and from one of \
            them. 'subprog-start' and 'subprog-end' count rewrites at the first and the last instruction of a subprogram, \
            'adjacent' those right after another. A second table has the kinds of these jumps. Which rewrite met which \
            jump at which border is in --json.

            --json prints all that 'run' does, and kernel (its release), loads, accepted, loads_per_second, refused (an array \
            of {reason, count}), not_understood, coverage (an array of {rewrite, border, jump, count}), never_seen, left_out \
            (an array of {profile, lacks}) and, with --execute, executed.

            Example: ten minutes on two cores, kept in a folder:
              bpf-patch-fuzz kernel run --time 600 --jobs 2 --state campaign
            """)

    @OptionGroup var options: KernelCampaignOptions

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @Flag(help: "Print a line for each bucket too, and findings that are known.")
    var all = false

    @Flag(help: "Print the report as one line of JSON, the last on standard output.")
    var json = false

    func prepare(_ target: CampaignTarget) throws {
        guard let target = target.kernel else { return }
        let leftOut = target.leftOut.map(\.text)
        if target.usable.isEmpty { throw CampaignError("no profile can be had: \(leftOut.joined(separator: "; "))") }
        for line in leftOut { complain("left out: \(line)") }
        complain(ReplaySession.campaignWarning)
    }
}
