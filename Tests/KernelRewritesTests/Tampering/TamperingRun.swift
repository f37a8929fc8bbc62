import BPF
import KernelModel
import KernelRewrites
import LinuxBPF
import TestSupport

/// Changes results of the running kernel, one thing at a time, and counts what the check sees.
struct TamperingRun: Sendable {
    var profile: ProgramProfile
    var seed: UInt64
    var programs: Int
    /// The most changes of one kind in one result.
    var mostOfKind: Int

    /// The buckets that known faults explain.
    private static let known = Set(KnownFault.all.flatMap { $0.buckets.map(\.bucket) })

    /// - Throws: ``KernelError`` when programs cannot be loaded
    func count() throws -> TamperingCount {
        let kernel = try RunningKernel()
        var facts = try kernel.facts
        let isBlinding = profile == .blinding
        if isBlinding { facts.features.insert(.blinding) }
        var counted = TamperingCount()
        if !profile.lacks(in: facts).isEmpty { return counted }
        var generator = KernelProgramGenerator(seed: seed, profiles: [profile], facts: facts)
        // What this kernel returned is not blinded; the changed results may be.
        var plainChecker = RewriteChecker(facts: try kernel.facts)
        var checker = RewriteChecker(facts: facts)
        var numbers = SeededNumbers(seed: seed)
        var index: UInt64 = 0
        while counted.programs + counted.leftOut < programs {
            let made = generator.make(index: index)
            defer { index += 1 }
            guard case .loaded(let loaded) = kernel.load(made.loadable) else { continue }
            let result = try kernel.read(loaded)
            let report = plainChecker.check(made.loadable, live: made.live, result: result)
            let blinding = isBlinding ? Blinding(result, using: &numbers) : nil
            let right = blinding?.program ?? result
            let isRight = blinding == nil || checker.check(made.loadable, live: made.live, result: right).isClean
            if !report.isClean || !isRight {
                counted.leftOut += 1
                continue
            }
            counted.programs += 1
            let tamperer = Tamperer(result, RewrittenSlots(made.loadable, report.applied))
            let isFar = result.insns.count > 30_000
            for change in Self.chosen(tamperer.changes, isFar ? 2 : mostOfKind, &numbers) {
                var change = change
                if isFar { change.place = .far }
                if let blinding {
                    guard let moved = blinding.moved(change) else { continue }
                    change = moved
                }
                let verdict = verdict(on: change.applied(to: right), right, change, made, &checker)
                counted.add(
                    verdict, change, profile,
                    "\(profile.rawValue) seed \(seed) index \(index): \(change.text(in: right))")
            }
            if let blinding {
                for change in Self.chosen(blinding.changes, mostOfKind, &numbers) {
                    let verdict = verdict(on: change.applied(to: right), right, change, made, &checker)
                    counted.add(
                        verdict, change, profile, "seed \(seed) index \(index): \(change.text(in: right))")
                }
            }
        }
        return counted
    }

    /// Some changes of each kind.
    private static func chosen(_ changes: [Change], _ most: Int, _ numbers: inout SeededNumbers) -> [Change] {
        var left: [Change.Kind: Int] = [:]
        return changes.shuffled(using: &numbers).filter { change in
            left[change.kind, default: most] -= 1
            return left[change.kind]! >= 0
        }
    }

    private func verdict(
        on result: Program, _ right: Program, _ change: Change, _ made: GeneratedProgram,
        _ checker: inout RewriteChecker
    ) -> TamperingCount.Verdict {
        let report = checker.check(made.loadable, live: made.live, result: result)
        if report.findings.contains(where: { !Self.known.contains($0.bucket) }) { return .found }
        if !report.gaps.isEmpty { return .gap }
        if !report.findings.isEmpty { return .hidden }
        let isJump = [.jump, .call, .function].contains(change.kind)
        return isJump && Behaviour(right, result).isEqual ? .equivalent : .unseen
    }
}
