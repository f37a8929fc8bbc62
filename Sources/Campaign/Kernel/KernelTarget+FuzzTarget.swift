import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites

extension KernelTarget: FuzzTarget {
    package func judge(_ budget: CaseBudget) throws(CampaignError) {
        let server = try JudgeServer(targets: targets, budget: budget)
        let judge = try KernelJudge(
            facts: facts, isExecuting: isExecuting, injectedFault: injectedFault, progress: server.progress)
        server.run { c, _ in judge.judge(c) }
    }

    private func makeGenerator(seed: UInt64) -> KernelProgramGenerator { makeGenerator(seed: seed, usable) }

    private func makeGenerator(seed: UInt64, _ profiles: [ProgramProfile]) -> KernelProgramGenerator {
        KernelProgramGenerator(seed: seed, profiles: profiles, facts: facts)
    }

    /// The profiles that this kernel does not support.
    package var leftOut: [KernelReport.LeftOut] {
        profiles.compactMap { profile in
            let lacks = profile.lacks(in: facts)
            return lacks.isEmpty ? nil : KernelReport.LeftOut(profile: profile.rawValue, lacks: lacks)
        }
    }

    /// Generates the case of an index.
    func makeCase(_ index: UInt64, seed: UInt64) -> Case {
        var generator = makeGenerator(seed: seed)
        let generated = generator.make(index: index)
        var c = Case(generated.loadable, origin: Case.Origin(seed: seed, index: index))
        c.loading?.note(facts)
        c.loading?.isRunnable = isExecuting && generated.isRunnable
        if profiles.count < ProgramProfile.allCases.count { c.loading?.profiles = profiles.map(\.rawValue) }
        c.loading?.live = Case.Loading.LiveSlots(c.program, generated.live)
        return c
    }

    package func makeExecutor(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) throws(CampaignError) -> any CaseExecutor {
        KernelExecutor(
            makeGenerator(seed: seed),
            try KernelSession(facts: facts, injectedFault: injectedFault, progress: progress),
            isExecuting: isExecuting)
    }

    package func makeTriage(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage {
        KernelTriage(OutOfProcessJudge(.kernel(self), host: host), isExecuting: isExecuting) { index in
            makeCase(index, seed: seed)
        } choices: { c in
            reduction(of: c)
        }
    }

    /// The choices that a case is made from; `nil` if its seed and index make another program, as for one that was minimized
    /// or is from another version or kernel.
    private func reduction(of c: Case) -> ChoiceReduction? {
        guard let origin = c.origin, let given = c.loadable else { return nil }
        let named = c.loading?.profiles.compactMap(ProgramProfile.init(rawValue:)) ?? []
        var generator = makeGenerator(seed: origin.seed, named.isEmpty ? usable : named)
        let choices = generator.choices(index: origin.index)
        return choices.program.loadable == given ? ChoiceReduction(choices, generator) : nil
    }

    package func report(_ counts: CampaignCounts, cases: UInt64, seconds: Double) -> TargetReport {
        var report = KernelReport(counts, release: facts.release, cases: cases, seconds: seconds)
        report.leftOut = leftOut
        report.neverSeen = Rewrite.allCases.filter { rewrite in
            usable.contains { $0.rewrites.contains(rewrite) } && counts.kernel.coverage.total(rewrite) == 0
        }.map(\.rawValue)
        return .kernel(report)
    }
}

extension Case.Loading {
    /// Forgets the kernel's result; it says nothing about another program.
    mutating func forgetResult() { (seen, must, given) = (nil, nil, nil) }

    /// Records the kernel that the case was found with.
    mutating func note(_ kernel: KernelFacts) {
        release = kernel.release
        let features = kernel.features.map(\.rawValue).sorted().joined(separator: " ")
        facts = [features, kernel.configuration.joined(separator: " ")].filter { !$0.isEmpty }
    }
}

/// Generates programs by index, loads each and checks the result.
private final class KernelExecutor: CaseExecutor {
    private var generator: KernelProgramGenerator
    private let session: KernelSession
    private let execution: KernelExecution?
    private var counts = KernelCounts()

    init(_ generator: KernelProgramGenerator, _ session: KernelSession, isExecuting: Bool) {
        self.generator = generator
        self.session = session
        execution = isExecuting ? KernelExecution(session) : nil
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void) {
        for index in indices {
            guard let excluded = begin(index) else { return }
            // A case that ended a process is not run again.
            if excluded != 0 { continue }
            let generated = generator.make(index: index)
            counts.loads += 1
            switch session.run(generated.loadable, live: generated.live) {
            case .refused(let refusal):
                counts.refused[refusal.reason, default: 0] += 1
                if let bug = VerifierBug(refusal) { found(index, [bug.finding]) }
            case .checked(let report):
                counts.accepted += 1
                counts.coverage += report.coverage
                counts.notUnderstood += UInt64(report.gaps.count)
                let findings = report.allFindings
                if !findings.isEmpty {
                    found(index, findings)
                } else if generated.isRunnable,
                    let difference = execution?.run(generated.loadable, live: generated.live, &counts)
                {
                    found(index, [difference.finding])
                }
            }
        }
    }

    func takeCounts() -> CampaignCounts {
        defer { counts = KernelCounts() }
        var all = CampaignCounts()
        all.kernel = counts
        return all
    }

    /// A load that hangs or ends the process is not tried again. A kill is attributed to the kernel only after an oops, since
    /// another process may have sent the signal.
    func isCertain(target: Int?, isKilled: Bool) -> Bool { target == 0 && (!isKilled || Self.isTainted) }

    /// True if the kernel has had an oops since it was started.
    ///
    /// - Source: `Documentation/admin-guide/tainted-kernels.rst`, bit 7
    private static var isTainted: Bool {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/tainted", encoding: .utf8)) ?? ""
        return (UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) >> 7 & 1 != 0
    }
}
