import BPF
import Fuzzing
import KernelModel
import Patching

/// What one reading of a result is judged by.
struct Reading {
    let program: LoadableProgram
    let context: AlignmentContext
    let image: ProgramImage<InputIndex>
    let result: Program
}

extension RewriteChecker {
    /// The readings that are judged before a finding is reported.
    private static let attempts = 64
    /// The readings that are judged to tell if a right one is the only one.
    private static let attemptsIfRight = 2

    /// Counts the rewrites of the reading in the alignment.
    mutating func count(_ reading: Reading, _ report: inout RewriteReport) {
        tally.count(
            reading.image, alignment.predictions, steps: alignment.steps, stepCount: alignment.stepCount,
            jumps: passes.jumps, jumpCount: passes.jumpCount, into: &report)
    }

    /// Looks for another reading that keeps every rule.
    ///
    /// If the first one keeps them too, the result is ambiguous. If it does not, its findings are dropped, and listed.
    ///
    /// - Parameter known: the number of findings that no reading changes
    mutating func compareReadings(_ reading: Reading, _ known: Int, _ report: inout RewriteReport) {
        let isRight = report.findings.count == known
        let stepCount = alignment.stepCount
        firstSteps.reserve(stepCount + 1)
        unsafe firstSteps.buffer(as: TableIndex.self).copy(
            stepCount, from: alignment.steps, at: TableIndex(0), to: TableIndex(0))
        var attempt = 0
        let length = reading.result.insns.count
        while attempt < (isRight ? Self.attemptsIfRight : Self.attempts)
            && alignment.walkOtherwise(reading.context, length: length, isQuick: isRight)
        {
            attempt += 1
            var other = RewriteReport()
            other.findings = Array(report.findings.prefix(known))
            other.removedTarget = report.removedTarget
            judge(reading, &other)
            if !other.gaps.isEmpty || other.findings.count > known { continue }
            let (rewrite, difference) = difference(stepCount, reading)
            if isRight {
                report.ambiguous.append(rewrite)
                return
            }
            other.dropped = report.findings.dropFirst(known).map {
                DroppedFinding(bucket: $0.bucket, difference: difference)
            }
            count(reading, &other)
            report = other
            return
        }
    }

    /// The first rewrite at which the alignment differs from the first one.
    private func difference(_ firstCount: Int, _ reading: Reading) -> (Rewrite, String) {
        let first = firstSteps.buffer(as: TableIndex.self)
        func words(_ step: AlignmentStep) -> String {
            "slot \(step.slot) is \(step.expansion.rewrite.rawValue) in slots \(step.place)..<"
                + "\(step.place + Int(step.expansion.count)) of the result"
        }
        for number in 0..<max(firstCount, alignment.stepCount) {
            let one = unsafe number < firstCount ? first[TableIndex(number)] : nil
            let other = unsafe number < alignment.stepCount ? alignment.steps[TableIndex(number)] : nil
            if let one, let other, one.isSame(as: other) { continue }
            let rewrite = (one ?? other)?.expansion.rewrite ?? .inPlace
            return (rewrite, "\(one.map(words) ?? "nothing more"); \(other.map(words) ?? "nothing more")")
        }
        return (.inPlace, "the readings are the same")
    }

    /// Infers the edits of the alignment, and compares their result and the values inside of them.
    mutating func judge(_ reading: Reading, _ report: inout RewriteReport) {
        passes.infer(
            reading.image, alignment.predictions, steps: alignment.steps, stepCount: alignment.stepCount,
            result: reading.context.result)
        // The surroundings of a gap cannot be judged, so nothing is.
        if !report.gaps.isEmpty { return }
        var values = ValueRules(
            reading.context, reading.program, alignment.predictions, facts, hasLocalStructures: hasLocalStructures)
        values.check(alignment.steps, alignment.stepCount, passes.functions, passes.functionCount)
        report.findings += values.findings
        report.patchInsns.merge(values.patchInsns) { one, _ in one }
        compare(reading, &report)
    }

    /// Compares the result with that of the oracle.
    private mutating func compare(_ reading: Reading, _ report: inout RewriteReport) {
        let image = reading.image
        let edits = passes.edits.image
        expectation.compute(edits, on: image)
        let hasStarts = passes.starts.editCount > 0
        var isAccepted = expectation.status == .accepted
        if isAccepted && hasStarts {
            let middle = expectation.program.image(as: InputIndex.self)
            startExpectation.compute(passes.starts.image, on: middle)
            isAccepted = startExpectation.status == .accepted
        }
        if !isAccepted {
            refuse(image, &report)
            return
        }
        let expected = (hasStarts ? startExpectation.program : expectation.program).image(as: OutputIndex.self)
        complete(expected, reading, &report)
        let found = passes.found.image(as: OutputIndex.self)
        let lines = explainLines(expected, reading.result, &report)
        let copied = explainCopiedCalls(expected, &report)
        if hasStarts {
            let middle = expectation.program.image(as: InputIndex.self)
            if let finding = startExpectation.fault(
                in: found, of: passes.starts.image, on: middle, target: Finding.kernelTarget, passNumber: 1)
            {
                let earlier = passes.withoutPrologues(startExpectation.places, middle).flatMap { inner in
                    expectation.fault(
                        in: inner.image(as: OutputIndex.self), of: edits, on: image, target: Finding.kernelTarget,
                        passNumber: 0)
                }
                let found = PlacedFinding(expected: expected, found: found, places: startExpectation.places)
                report.findings.append((earlier.flatMap(found.place) ?? finding).apartFromKnown)
            }
        } else if let finding = expectation.fault(
            in: found, of: edits, on: image, target: Finding.kernelTarget, passNumber: 0)
        {
            report.findings.append(finding.apartFromKnown)
        }
        if report.findings.isEmpty && !givesPasses { return }
        if let lines { found.lines.load(lines) }
        notePasses(&report)
        for (place, imm) in copied { report.normalized?.insns[place.position].imm = imm }
        report.expected = Program(expected)
    }

    /// Reports the calls that a known fault moves, and compares the right ones in their place; returns those of the result.
    ///
    /// A backward call that is the first instruction of a subprogram is copied into the patch that puts code before it, and
    /// keeps its offset: so it reaches as many slots too far as that code has.
    ///
    /// - Source: 6.18 `kernel/bpf/core.c`, `bpf_patch_insn_single`
    private mutating func explainCopiedCalls(
        _ expected: ProgramImage<OutputIndex>, _ report: inout RewriteReport
    ) -> [(place: OutputIndex, imm: Int32)] {
        var copied: [(place: OutputIndex, imm: Int32)] = []
        let found = passes.found.image(as: OutputIndex.self)
        for number in 0..<alignment.stepCount {
            let step = unsafe alignment.steps[TableIndex(number)]
            if step.kind != .start || step.expansion.rewrite != .mayGotoStart { continue }
            let place = step.place + Int(step.expansion.count)
            let (right, shown) = unsafe (expected.insns[place], found.insns[place])
            let kind = right.jumpKind
            let moved = Int(right.imm) + Int(step.expansion.count)
            if !kind.isCall || right.imm >= 0 || shown.jumpKind != kind || Int(shown.imm) != moved { continue }
            report.findings.append(
                Finding(
                    landingOf: kind == .call ? "call-backward" : "pseudo-func-backward", at: place.position,
                    must: place.position + 1 + Int(right.imm), reaches: place.position + 1 + moved,
                    reason: "it keeps its offset in the patch that sets the counter before it"))
            copied.append((place, shown.imm))
            unsafe found.insns[place].imm = right.imm
        }
        return copied
    }

    /// Reports lines that a known fault moved, and compares the right ones in their place; returns those of the result.
    private func explainLines(
        _ expected: ProgramImage<OutputIndex>, _ result: Program, _ report: inout RewriteReport
    ) -> [LineRecord]? {
        let functions = expected.subprogramCount + (alignment.hiddenStart == nil ? 0 : 1)
        if !facts.features.contains(.blinding) || functions < 2 { return nil }
        let shared = SharedLines(expected)
        let right = expected.lines.array(count: expected.lineCount)
        guard shared.lines == result.lines, let finding = shared.finding(insteadOf: right) else { return nil }
        report.findings.append(finding)
        passes.found.image(as: OutputIndex.self).lines.load(right)
        return result.lines
    }

    /// The kernel gave a result for edits that cannot be made.
    private mutating func refuse(_ image: ProgramImage<InputIndex>, _ report: inout RewriteReport) {
        let isFirst = expectation.status != .accepted
        let refusal = isFirst ? expectation.refusal : startExpectation.refusal
        if refusal == .overflow {
            let found = passes.found.image(as: OutputIndex.self)
            let finding =
                isFirst
                ? expectation.fault(
                    in: found, of: passes.edits.image, on: image, target: Finding.kernelTarget, passNumber: 0)
                : startExpectation.fault(
                    in: found, of: passes.starts.image, on: expectation.program.image(as: InputIndex.self),
                    target: Finding.kernelTarget, passNumber: 1)
            if let finding { report.findings.append(finding) }
            notePasses(&report)
        } else if refusal == .dangling, let place = isFirst ? expectation.refusalPlace : nil {
            report.findings.append(dangling(alignment.place(behindStarts: place)))
            notePasses(&report)
        } else if report.findings.isEmpty {
            let place = (isFirst ? expectation.refusalPlace : startExpectation.refusalPlace)?.position ?? 0
            report.gaps.append(
                AlignmentGap(
                    reason: "the edits are \(refusal?.rawValue ?? "refused")", slot: 0, place: place, expected: [],
                    found: []))
        }
    }

    /// Adds the edits, and the kernel's result in the form in which it is compared.
    private func notePasses(_ report: inout RewriteReport) {
        let hasStarts = passes.starts.editCount > 0
        report.passes = hasStarts ? [Pass(passes.edits.image), Pass(passes.starts.image)] : [Pass(passes.edits.image)]
        report.normalized = Program(passes.found.image(as: OutputIndex.self))
    }

    /// The kernel removed the target of a jump or call that it kept.
    private func dangling(_ place: OutputIndex) -> Finding {
        let insn = unsafe passes.found.image(as: OutputIndex.self).insns[place]
        let kind = insn.jumpKind
        return Finding(
            removedTargetOf: insn.course(kind, insn.jumpOffset(kind)).rawValue, place: place.position,
            detail: "slot \(place) reaches code that was removed as dead")
    }

    /// Completes the result for the comparison: the targets of compiled calls, and the tables.
    private func complete(
        _ expected: ProgramImage<OutputIndex>, _ reading: Reading, _ report: inout RewriteReport
    ) {
        let image = passes.found.image(as: OutputIndex.self)
        let result = reading.result
        unsafe image.aux.copy(result.insns.count, from: expected.aux, at: OutputIndex(0), to: OutputIndex(0))
        passes.found.subprogramCount = result.subprograms.isEmpty ? expected.subprogramCount : result.subprograms.count
        passes.found.lineCount = result.lines.count
        if result.subprograms.isEmpty {
            unsafe image.subprograms.copy(
                expected.subprogramCount, from: expected.subprograms, at: TableIndex(0), to: TableIndex(0))
        } else {
            image.subprograms.load(result.subprograms)
        }
        image.lines.load(result.lines)
        if passes.callCount == 0 { return }
        let numbers = CallNumbers(
            starts: expected.subprograms, count: expected.subprogramCount, hidden: alignment.hiddenStart,
            areNumbersShown: facts.features.contains(.rawDump))
        report.callForm = numbers.decode(
            passes.calls, passes.callCount, reading.context.result, into: image.insns, expected.insns, &report.findings)
    }
}

extension Finding {
    /// The finding in a bucket of its own, if its bucket is that of a known fault whose effect it is not.
    ///
    /// Findings with the predicted effect are reported before, and compared no more.
    fileprivate var apartFromKnown: Finding {
        guard KnownFault.predicted.contains(bucket), let words = Bucket(bucket) else { return self }
        return Finding(
            target: target, rule: rule, insn: words.insn, edit: "unpredicted", pass: pass, place: place,
            detail: detail + "; no known fault predicts this")
    }
}
