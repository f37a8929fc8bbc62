import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites

extension KernelTarget: FuzzTarget {
    package func judge(_ budget: CaseBudget) throws(CampaignError) {
        let server = try JudgeServer(targets: targets, budget: budget)
        let judge = try KernelJudge(self, progress: server.progress)
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

    /// The features of the kernel's release that it does not show, and the profiles that need them: a sentence for
    /// each.
    package var missingFeatures: [KernelReport.MissingFeature] {
        KernelFeature.allCases.compactMap { feature in
            let users = profiles.filter { $0.lacksUnexpectedly(in: facts).contains(feature) }
            if users.isEmpty { return nil }
            let answer = facts.answer(to: feature.rawValue)
            return KernelReport.MissingFeature(
                feature: feature.rawValue, profiles: users.map(\.rawValue),
                since: feature.since?.description ?? "", release: facts.version.description,
                error: answer.flatMap { $0.code == 0 ? nil : ErrorName.name(of: $0.code) ?? "errno \($0.code)" },
                line: answer?.line ?? "")
        }
    }

    /// Generates the case of an index; the first ones are the probes that showed a fault.
    func makeCase(_ index: UInt64, seed: UInt64) -> Case {
        let origin = Case.Origin(seed: seed, index: index)
        var c: Case
        if let probe = FaultyProbe.all(in: facts)[index] {
            c = Case(probe.program, origin: origin)
        } else {
            var generator = makeGenerator(seed: seed)
            let generated = generator.make(index: index)
            c = Case(generated.loadable, origin: origin)
            c.loading?.isRunnable = isExecuting && generated.isRunnable
            c.loading?.live = Case.Loading.LiveSlots(c.program, generated.live)
        }
        c.loading?.note(facts)
        if profiles.count < ProgramProfile.allCases.count { c.loading?.profiles = profiles.map(\.rawValue) }
        return c
    }

    package func makeExecutor(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) throws(CampaignError) -> any CaseExecutor {
        KernelExecutor(
            makeGenerator(seed: seed),
            try KernelSession(facts: facts, injectedFault: injectedFault, progress: progress), self, seed: seed)
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
        report.missingFeatures = missingFeatures
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
    private let probes: FaultyProbes
    private let execution: KernelExecution?
    private var counts = KernelCounts()
    private var calls = CallCounter()
    private var refusals = RefusalCounter()
    /// The seed and index of the case that is loaded.
    private var origin: Case.Origin

    init(_ generator: KernelProgramGenerator, _ session: KernelSession, _ target: KernelTarget, seed: UInt64) {
        self.generator = generator
        self.session = session
        probes = FaultyProbe.all(in: target.facts)
        execution = target.isExecuting ? KernelExecution(session, folder: target.workingFolder) : nil
        origin = Case.Origin(seed: seed, index: 0)
        let loads = LoadLog()
        loads.write(target)
        session.willLoad = { [unowned self] _ in loads.write(origin) }
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void) {
        refusals = RefusalCounter()
        for index in indices {
            guard let excluded = begin(index) else { return }
            // A case that ended a process is not run again.
            if excluded != 0 { continue }
            origin.index = index
            let findings = probes[index].map(run) ?? runGenerated(index)
            if !findings.isEmpty { found(index, findings) }
        }
    }

    /// Loads a generated program, checks it, and runs it if it may be run.
    private func runGenerated(_ index: UInt64) -> [Finding] {
        let generated = generator.make(index: index)
        let findings = load(generated.loadable, live: generated.live)
        if !findings.isEmpty || !generated.isRunnable { return findings }
        guard let execution else { return [] }
        let difference = execution.run(generated.loadable, live: generated.live, &counts, origin)
        return (difference.map { [$0.finding] } ?? []) + session.complaints.map(\.finding)
    }

    /// Loads the program of a faulty probe: its fault is a finding, even if the kernel complains only once.
    private func run(_ probe: FaultyProbe) -> [Finding] {
        let findings = load(probe.program, live: nil)
        return findings.contains { $0.bucket == probe.finding.bucket } ? findings : findings + [probe.finding]
    }

    /// Loads a program and checks it.
    private func load(_ program: LoadableProgram, live: [Bool]?) -> [Finding] {
        counts.loads += 1
        switch session.run(program, live: live) {
        case .refused(let refusal):
            counts.refused[refusal.reason, default: 0] += 1
            let verdict = RefusalVerdict(refusal, of: program, live: live)
            switch verdict {
            // The complaint in the kernel's log is part of the verifier's own report.
            case .verifierBug(let finding): return [session.complaints.reduce(finding) { $0.noting($1) }]
            case .tooComplex(let finding):
                return (refusals.add(finding).map { [$0] } ?? []) + session.complaints.map(\.finding)
            case .predicted, .unexpected:
                return (verdict.finding.map { [$0] } ?? []) + session.complaints.map(\.finding)
            }
        case .checked(let report):
            counts.accepted += 1
            counts.coverage += report.coverage
            counts.notUnderstood += UInt64(report.gaps.count)
            counts.addReadings(of: report, index: origin.index)
            calls.add(program, live: live)
            return report.allFindings + session.complaints.map(\.finding)
        }
    }

    func takeCounts() -> CampaignCounts {
        calls.move(to: &counts)
        defer { counts = KernelCounts() }
        var all = CampaignCounts()
        all.kernel = counts
        return all
    }

    /// A load that hangs or ends the process is not tried again. A kill is attributed to the kernel only after an oops,
    /// since another process may have sent the signal.
    func isCertain(target: Int?, isKilled: Bool) -> Bool { target == 0 && (!isKilled || session.log.hasOopsed) }
}
