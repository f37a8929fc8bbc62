import BPF
import Fuzzing
import KernelModel
import Patching

/// Checks what the kernel made of a program: the kernel as one more patcher, judged by the same oracle.
///
/// What is removed is foretold from what the verifier saw (``DeadCodePrediction``); an alignment finds what stands for each instruction
/// that is left (``Alignment``); from it the kernel's edits are inferred (``KernelPasses``), the oracle works out what they
/// must give, and that is compared with what the kernel gave.
///
/// - Shape: working memory is kept from program to program
package struct RewriteChecker: ~Copyable {
    let facts: KernelFacts
    /// Whether reports of programs with which nothing is wrong hold the kernel's passes and the normalized result too; they
    /// cost more than the check.
    package var givesPasses = false
    private let input = ProgramBuffer()
    private var resultStorage = Scratch<Instruction>()
    private var functionStorage = Scratch<KernelFunctionShapes.Kind>()
    private var fates = DeadCodePrediction()
    private var contexts = ContextSources()
    private var certainContexts = CertainContexts()
    private var alignment = Alignment()
    private var passes = KernelPasses()
    private var expectation = Expectation()
    private var startExpectation = Expectation()
    private var tally = RewriteTally()
    /// Whether the last alignment is in pieces.
    private var isCut = false

    /// How many slots may be looked at behind the end of a result.
    private static let room = 64

    package init(facts: KernelFacts) { self.facts = facts }

    /// Checks one program.
    ///
    /// - Parameters:
    ///   - live: whether the verifier saw each slot; the second slot of a wide load is as its first
    ///   - result: what the kernel gave back, with the numbers of subprograms and lines as their ids; without subprograms
    ///     theirs are not compared
    /// - Complexity: O(slots + subprograms + lines), where what stands there is plain
    package mutating func check(_ program: LoadableProgram, live: [Bool], result: Program) -> RewriteReport {
        var report = RewriteReport()
        if let unblinding = Unblinding(result) {
            report.findings = unblinding.findings
            // What leads into the middle of an instruction has no place in the result without.
            if !report.findings.isEmpty {
                report.evidence = unblinding.evidence
                return report
            }
            check(program, live: live, result: unblinding.program, isUnblinded: true, &report)
            tally.count(unblinding, into: &report)
            addEvidence(result, unblinding.places, &report)
        } else {
            check(program, live: live, result: result, isUnblinded: false, &report)
            addEvidence(result, nil, &report)
        }
        return report
    }

    /// Adds what shows each finding in what was read back.
    private func addEvidence(_ result: Program, _ places: [Int]?, _ report: inout RewriteReport) {
        if report.isClean { return }
        let reader = EvidenceReader(result: result, places: places, report: report)
        for number in report.findings.indices {
            report.evidence.append(reader.evidence(for: &report.findings[number]))
        }
        report.evidence += report.gaps.map { reader.evidence(for: $0) }
    }

    private mutating func check(
        _ program: LoadableProgram, live: [Bool], result: Program, isUnblinded: Bool, _ report: inout RewriteReport
    ) {
        load(program.program)
        let image = input.image(as: InputIndex.self)
        if live.count != image.insnCount || image.fault() != nil {
            report.gaps.append(
                AlignmentGap(
                    reason: image.fault()?.description ?? "\(live.count) slots of which it is known whether they live",
                    slot: 0, place: 0, expected: [], found: []))
            return
        }
        let length = result.insns.count
        resultStorage.reserve(length + RewriteChecker.room)
        let insns = resultStorage.buffer(as: OutputIndex.self)
        insns.load(result.insns)
        unsafe insns.fill(RewriteChecker.room, from: OutputIndex(length), with: .zero)
        fates.compute(image, live: live, removesMayGoto: facts.features.contains(.mayGotoNop))
        contexts.compute(image, program.type)
        certainContexts.compute(image, program.type)
        let released = report.findings.count
        DeadCallees.release(image, fates.row, &report)
        functionStorage.reserve(program.kernelFunctions.count + 1)
        functionStorage.buffer(as: TableIndex.self).load(program.kernelFunctions.map(KernelFunctionShapes.kind))
        let ways = Candidates(
            insns: image.insns, count: image.insnCount, fates: fates.row, result: insns, contexts: contexts.registers,
            certain: certainContexts.view, functions: functionStorage.buffer(),
            functionCount: program.kernelFunctions.count,
            fillsUpperHalves: program.flags.contains(.testRndHi32), isUnblinded: isUnblinded,
            castsAddresses: program.program.insns.contains { $0.isAddressCast },
            isCompiled: facts.features.contains(.jit), guardsMinusOne: facts.version >= KernelVersion(6, 12),
            exceptions: ExceptionUse(program, live))
        let isReleased = report.findings.count > released
        align(ways, image, length, &report)
        // What was foretold is found where it stands.
        if isReleased {
            let slot = InputIndex(report.findings[released].place)
            report.findings[released].place = alignment.place(of: slot, fates.row).position
        }
        passes.reserve(
            insns: length, subprograms: max(image.subprogramCount, result.subprograms.count),
            lines: max(image.lineCount, result.lines.count))
        let known = report.findings.count
        judge(image, insns, length, result, &report)
        tally.count(
            image, fates.row, steps: alignment.steps, stepCount: alignment.stepCount, jumps: passes.jumps,
            jumpCount: passes.jumpCount, into: &report)
        if report.gaps.isEmpty && !isCut && report.findings.count > known {
            lookOtherwise(ways, image, length, result, known, &report)
        }
        if isReleased { restore(program.program, result, &report) }
    }

    /// Puts what the kernel left of loads that were released back into the result as it was compared.
    private func restore(_ program: Program, _ result: Program, _ report: inout RewriteReport) {
        let image = input.image(as: InputIndex.self)
        for slot in program.insns.indices where program.insns[slot].jumpKind == .function {
            let at = alignment.place(of: InputIndex(slot), fates.row).position
            if unsafe image.insns[InputIndex(slot)] == program.insns[slot] || at + 1 >= result.insns.count { continue }
            // The rules say nothing of what such a load becomes.
            for place in [at, at + 1] where report.normalized?.insns.indices.contains(place) == true {
                report.normalized?.insns[place] = result.insns[place]
                report.expected?.insns[place] = result.insns[place]
            }
        }
    }

    /// How many alignments are looked at before a finding is believed.
    private static let attempts = 64

    /// Replaces a report with findings by one without, if another alignment gives one.
    private mutating func lookOtherwise(
        _ ways: Candidates, _ image: ProgramImage<InputIndex>, _ length: Int, _ result: Program, _ known: Int,
        _ report: inout RewriteReport
    ) {
        var attempt = 0
        while attempt < RewriteChecker.attempts && alignment.walkOtherwise(ways, length: length) {
            attempt += 1
            var other = RewriteReport()
            other.findings = Array(report.findings.prefix(known))
            other.removedTarget = report.removedTarget
            judge(image, ways.result, length, result, &other)
            if !other.gaps.isEmpty || other.findings.count > known { continue }
            tally.count(
                image, fates.row, steps: alignment.steps, stepCount: alignment.stepCount, jumps: passes.jumps,
                jumpCount: passes.jumpCount, into: &other)
            report = other
            return
        }
    }

    /// Infers the edits of an alignment and compares.
    private mutating func judge(
        _ image: ProgramImage<InputIndex>, _ insns: UnsafeTypedBuffer<OutputIndex, Instruction>, _ length: Int,
        _ result: Program,
        _ report: inout RewriteReport
    ) {
        alignment.resolveCallbacks(image, fates.row, insns, &report)
        passes.infer(image, fates.row, steps: alignment.steps, stepCount: alignment.stepCount, result: insns)
        // What is around a gap cannot be judged, so that nothing is.
        if !report.gaps.isEmpty { return }
        var calls = HelperCalls(areAddressesShown: facts.features.contains(.rawDump))
        calls.check(image, fates.row, alignment, insns, &report)
        compare(image, insns, length, result, &report)
    }

    private mutating func load(_ program: Program) {
        input.reserve(
            insns: program.insns.count + 1, subprograms: program.subprograms.count, lines: program.lines.count)
        input.insnCount = program.insns.count
        input.subprogramCount = program.subprograms.count
        input.lineCount = program.lines.count
        let image = input.image(as: InputIndex.self)
        image.insns.load(program.insns)
        // Where a program ends is asked too, and nothing there is removed.
        unsafe image.insns[InputIndex(program.insns.count)] = .zero
        unsafe image.aux.fill(program.insns.count, from: InputIndex(0), with: 0)
        image.subprograms.load(program.subprograms)
        image.lines.load(program.lines)
    }

    /// Aligns, and goes on behind what is not understood.
    private mutating func align(
        _ ways: Candidates, _ image: ProgramImage<InputIndex>, _ length: Int, _ report: inout RewriteReport
    ) {
        alignment.start(slots: image.insnCount, subprograms: image.subprogramCount)
        var (slot, place) = (0, 0)
        isCut = false
        while case .stuck(let slotNow, let placeNow) = alignment.walk(ways, from: slot, place, length: length) {
            isCut = true
            let search = Resynchronization(ways: ways, length: length, slot: slotNow, place: placeNow)
            let found = search.find()
            search.report(found, to: &report)
            alignment.add(
                AlignmentStep(
                    kind: .opaque, slot: InputIndex(slotNow), width: UInt32(found.slot - slotNow),
                    place: OutputIndex(placeNow),
                    shape: Shape(count: Int32(found.place - placeNow))))
            (slot, place) = (found.slot, found.place)
            // What is missing at the very end can be stepped over once only.
            if slot == image.insnCount && place == length { break }
        }
    }

    /// Lets the oracle work out what the edits must give and compares.
    private mutating func compare(
        _ image: ProgramImage<InputIndex>, _ insns: UnsafeTypedBuffer<OutputIndex, Instruction>, _ length: Int,
        _ result: Program,
        _ report: inout RewriteReport
    ) {
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
        let known = report.findings.count
        let expected = (hasStarts ? startExpectation.program : expectation.program).image(as: OutputIndex.self)
        settle(expected, insns, length, result, &report)
        let found = passes.found.image(as: OutputIndex.self)
        if hasStarts {
            let middle = expectation.program.image(as: InputIndex.self)
            if let finding = startExpectation.fault(
                in: found, of: passes.starts.image, on: middle, target: "kernel", passNumber: 1)
            {
                let earlier = passes.peeled(startExpectation.places, middle).flatMap { peeled in
                    expectation.fault(
                        in: peeled.image(as: OutputIndex.self), of: edits, on: image, target: "kernel", passNumber: 0)
                }
                let found = PlacedFinding(expected: expected, found: found, places: startExpectation.places)
                report.findings.append(earlier.flatMap(found.place) ?? finding)
            }
        } else if let finding = expectation.fault(in: found, of: edits, on: image, target: "kernel", passNumber: 0) {
            report.findings.append(finding)
        }
        let functions = expected.subprogramCount + (alignment.hiddenStart == nil ? 0 : 1)
        if facts.features.contains(.blinding) && functions > 1 { nameSharedLines(from: known, in: &report) }
        if report.findings.isEmpty && !givesPasses { return }
        report.passes = hasStarts ? [Pass(edits), Pass(passes.starts.image)] : [Pass(edits)]
        report.normalized = Program(found)
        report.expected = Program(expected)
    }

    /// The kernel gave a result for edits that cannot be made.
    private mutating func refuse(_ image: ProgramImage<InputIndex>, _ report: inout RewriteReport) {
        let isFirst = expectation.status != .accepted
        let refusal = isFirst ? expectation.refusal : startExpectation.refusal
        if refusal == .overflow {
            let found = passes.found.image(as: OutputIndex.self)
            let finding =
                isFirst
                ? expectation.fault(in: found, of: passes.edits.image, on: image, target: "kernel", passNumber: 0)
                : startExpectation.fault(
                    in: found, of: passes.starts.image, on: expectation.program.image(as: InputIndex.self),
                    target: "kernel", passNumber: 1)
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

    /// Keeps edits that cannot be made, and what the kernel gave for them.
    private func notePasses(_ report: inout RewriteReport) {
        let hasStarts = passes.starts.editCount > 0
        report.passes = hasStarts ? [Pass(passes.edits.image), Pass(passes.starts.image)] : [Pass(passes.edits.image)]
        report.normalized = Program(passes.found.image(as: OutputIndex.self))
    }

    /// The kernel has taken out what a jump or call that stands leads to.
    ///
    /// So it does with the callback of a `bpf_loop` of no rounds: the verifier never looks at it, and it goes as dead code, but
    /// its address is still loaded, and the inlined loop still calls it.
    private func dangling(_ place: OutputIndex) -> Finding {
        let insn = unsafe passes.found.image(as: OutputIndex.self).insns[place]
        let kind = insn.jumpKind
        return Finding(
            removedTargetOf: insn.course(kind, insn.jumpOffset(kind)).rawValue, place: place.position,
            detail: "slot \(place) leads to code that was removed as dead")
    }

    /// Completes the result for the comparison: where compiled calls lead, and the tables.
    private func settle(
        _ expected: ProgramImage<OutputIndex>, _ insns: UnsafeTypedBuffer<OutputIndex, Instruction>, _ length: Int,
        _ result: Program, _ report: inout RewriteReport
    ) {
        let image = passes.found.image(as: OutputIndex.self)
        unsafe image.aux.copy(length, from: expected.aux, at: OutputIndex(0), to: OutputIndex(0))
        let subprograms = result.subprograms.isEmpty ? nil : result.subprograms
        passes.found.subprogramCount = subprograms?.count ?? expected.subprogramCount
        passes.found.lineCount = result.lines.count
        fill(expected, subprograms, result.lines)
        if passes.callCount == 0 { return }
        let numbers = CallNumbers(
            starts: expected.subprograms, count: expected.subprogramCount,
            hidden: alignment.hiddenStart,
            areNumbersShown: facts.features.contains(.rawDump))
        report.callForm = numbers.settle(
            passes.calls, passes.callCount, insns, image.insns, expected.insns, &report.findings)
    }

    /// Writes the kernel's tables beside its instructions.
    private func fill(_ expected: ProgramImage<OutputIndex>, _ subprograms: [Subprogram]?, _ lines: [LineRecord]) {
        let image = passes.found.image(as: OutputIndex.self)
        if let subprograms {
            image.subprograms.load(subprograms)
        } else {
            unsafe image.subprograms.copy(
                expected.subprogramCount, from: expected.subprograms, at: TableIndex(0), to: TableIndex(0))
        }
        image.lines.load(lines)
    }
}
