import BPF
import Fuzzing
import KernelModel
import Patching

/// Checks what the kernel made of a program: the kernel as one more patcher, judged by the same oracle.
///
/// A pipeline of values:
///
/// 1. ``Unblinding`` takes blinded constants back.
/// 2. ``DeadCodePrediction`` predicts the removed slots from those that the verifier saw, and ``RemovedTargets`` the loads of
///    removed subprograms' addresses.
/// 3. ``Alignment`` finds the expansion of each instruction by ``RewriteTable``.
/// 4. ``KernelPasses`` infers the kernel's edits.
/// 5. The oracle computes their result, which is compared; ``ValueRules`` checks the values inside the expansions.
/// 6. Known faults rename the findings whose exact effect they predict.
///
/// - Shape: working memory is kept from program to program
package struct RewriteChecker: ~Copyable {
    let facts: KernelFacts
    let hasLocalStructures: Bool
    /// True if reports of right programs also hold the kernel's passes and the normalized result, which cost more than the
    /// check.
    package var givesPasses = false
    private let input = ProgramBuffer()
    private var resultStorage = Scratch<Instruction>()
    private var functionStorage = Scratch<UInt8>()
    private var predictions = DeadCodePrediction()
    private var contexts = ContextSources()
    private var certainContexts = CertainContexts()
    var alignment = Alignment()
    var passes = KernelPasses()
    var expectation = Expectation()
    var startExpectation = Expectation()
    var tally = RewriteTally()
    /// The steps of the first reading.
    var firstSteps = Scratch<AlignmentStep>()

    /// The readable slots after the end of a result.
    private static let room = 64

    /// - Parameter hasLocalStructures: true if the programs have the BTF of ``LocalStructure``; those of objects have their own
    package init(facts: KernelFacts, hasLocalStructures: Bool = true) {
        self.facts = facts
        self.hasLocalStructures = hasLocalStructures
    }

    /// Checks one program.
    ///
    /// - Parameters:
    ///   - live: true for each slot that the verifier saw; the second slot of a wide load is as its first
    ///   - result: what the kernel gave back, with the numbers of subprograms and lines as their ids; without subprograms
    ///     theirs are not compared
    /// - Complexity: O(slots + subprograms + lines) where the instructions are plain
    package mutating func check(_ program: LoadableProgram, live: [Bool], result: Program) -> RewriteReport {
        var report = RewriteReport()
        let unblinding = Unblinding(result)
        if let unblinding {
            report.findings = unblinding.findings
            // A target inside of an instruction has no place in the result without blinding.
            if !report.findings.isEmpty {
                report.evidence = unblinding.evidence
                return report
            }
        }
        let decoded = unblinding?.program ?? result
        check(program, live: live, result: decoded, isUnblinded: unblinding != nil, &report)
        let left = unblinding?.left ?? (mustBlind(result, report) ? Unblinding.left(in: result) : [])
        if let slot = left.first { report.findings.append(.unblinded(decoded.insns[slot], at: slot)) }
        if let unblinding { tally.count(unblinding, into: &report) }
        explain(result, unblinding?.places, &report)
        return report
    }

    /// True if the kernel blinds the constants of a result: those of one function alone.
    private func mustBlind(_ result: Program, _ report: RewriteReport) -> Bool {
        facts.features.isSuperset(of: [.blinding, .jit, .rawDump]) && result.subprograms.count == 1
            && report.gaps.isEmpty && alignment.hiddenStart == nil
    }

    /// Names the rule of each finding, and adds what shows it in what was read back.
    private func explain(_ result: Program, _ places: [Int]?, _ report: inout RewriteReport) {
        if report.isClean { return }
        for number in report.findings.indices {
            guard let rule = KernelRule(brokenBy: report.findings[number]) else { continue }
            report.findings[number].detail += "; rule \(rule.rawValue) (\(rule.source))"
        }
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
                    reason: image.fault()?.description ?? "liveness is known of \(live.count) slots", slot: 0, place: 0,
                    expected: [], found: []))
            return
        }
        let length = result.insns.count
        resultStorage.reserve(length + RewriteChecker.room)
        let insns = resultStorage.buffer(as: OutputIndex.self)
        insns.load(result.insns)
        unsafe insns.fill(RewriteChecker.room, from: OutputIndex(length), with: .zero)
        predictions.compute(image, live: live, removesMayGoto: facts.features.contains(.mayGotoNop))
        let removed = RemovedTargets(program.program, predictions.row)
        if let removed { load(removed.program) }
        contexts.compute(image, program.type)
        certainContexts.compute(image, program.type)
        functionStorage.reserve(program.kernelFunctions.count + 1)
        functionStorage.buffer(as: TableIndex.self).load(
            program.kernelFunctions.map { RewriteTable.shared.row(ofFunction: $0) })
        let context = AlignmentContext(
            insns: image.insns, count: image.insnCount, result: insns, table: RewriteTable.shared.view,
            contexts: contexts.registers, certain: certainContexts.view, functions: functionStorage.buffer(),
            functionCount: program.kernelFunctions.count, version: facts.version,
            isCompiled: facts.features.contains(.jit),
            fillsUpperHalves: program.flags.contains(.testRndHi32), isUnblinded: isUnblinded,
            castsAddresses: program.program.insns.contains { $0.isAddressCast },
            exceptions: ExceptionUse(program, live),
            origins: RegisterOrigins(input: image, predictions: predictions.row))
        let isWhole = align(context, image, length, &report)
        if let removed { report.note(removed, program.program) { alignment.place(of: $0).position } }
        passes.reserve(
            insns: length, subprograms: max(image.subprogramCount, result.subprograms.count),
            lines: max(image.lineCount, result.lines.count))
        let reading = Reading(program: program, context: context, image: image, result: result)
        let known = report.findings.count
        judge(reading, &report)
        count(reading, &report)
        if report.gaps.isEmpty && isWhole { compareReadings(reading, known, &report) }
    }

    private mutating func load(_ program: Program) {
        input.reserve(
            insns: program.insns.count + 1, subprograms: program.subprograms.count, lines: program.lines.count)
        input.insnCount = program.insns.count
        input.subprogramCount = program.subprograms.count
        input.lineCount = program.lines.count
        let image = input.image(as: InputIndex.self)
        image.insns.load(program.insns)
        // The end of a program is a target too, and nothing there is removed.
        unsafe image.insns[InputIndex(program.insns.count)] = .zero
        unsafe image.aux.fill(program.insns.count, from: InputIndex(0), with: 0)
        image.subprograms.load(program.subprograms)
        image.lines.load(program.lines)
    }

    /// Aligns, and continues after code that is not understood; returns true if everything was.
    private mutating func align(
        _ context: AlignmentContext, _ image: ProgramImage<InputIndex>, _ length: Int, _ report: inout RewriteReport
    ) -> Bool {
        alignment.start(slots: image.insnCount, subprograms: image.subprogramCount, predictions.row)
        var (slot, place) = (0, 0)
        var isWhole = true
        while case .stuck(let slotNow, let placeNow) = alignment.walk(context, from: slot, place, length: length) {
            isWhole = false
            if let next = step(over: slotNow, placeNow, context, length, &report) {
                (slot, place) = next
                continue
            }
            let search = Resynchronization(
                context: context, predictions: alignment.predictions, length: length, slot: slotNow, place: placeNow)
            let found = search.find()
            search.report(found, to: &report)
            alignment.add(
                AlignmentStep(
                    kind: .opaque, slot: InputIndex(slotNow), width: UInt32(found.slot - slotNow),
                    place: OutputIndex(placeNow), expansion: Expansion(count: Int32(found.place - placeNow))))
            (slot, place) = (found.slot, found.place)
            // What is missing at the very end can be skipped once only.
            if slot == image.insnCount && place == length { break }
        }
        return isWhole
    }

    /// Takes a patch that differs from its row in one slot as that patch, and reports the slot.
    ///
    /// - Returns: where the alignment continues; `nil` if there is no such patch
    private mutating func step(
        over slot: Int, _ place: Int, _ context: AlignmentContext, _ length: Int, _ report: inout RewriteReport
    ) -> (slot: Int, place: Int)? {
        // The first slot of a patch may have been taken for the instruction itself.
        for back in [0, 1] where slot >= back && place >= back {
            let (at, start) = (InputIndex(slot - back), OutputIndex(place - back))
            let isFree = alignment.stepCount == 0 || alignment.lastStepEnd <= at
            if at.position >= context.count || !isFree { continue }
            if unsafe alignment.predictions[at].bits & 7 != 0 { continue }
            guard let (expansion, wrong, must) = context.nearest(at, at: start) else { continue }
            let (next, end) = unsafe (at + context.insns[at].width, start + Int(expansion.count))
            let isEnd = next.position == context.count && end.position == length
            if !isEnd && (end.position > length || context.next(0, for: next, at: end, alignment.predictions) == nil) {
                continue
            }
            alignment.add(
                AlignmentStep(
                    kind: .rewritten, slot: at, width: UInt32(next - at), place: start, expansion: expansion))
            let found = unsafe context.result[start + wrong]
            report.patchInsns[start.position + wrong] = must
            report.findings.append(
                unsafe Finding(
                    target: Finding.kernelTarget, rule: .encoding, insn: expansion.rewrite.rawValue, edit: "patch",
                    pass: 0, place: start.position + wrong,
                    detail:
                        "slot \(start + wrong): `\(found)` in the patch of `\(context.insns[at])` has no row in the table"
                ))
            return (next.position, end.position)
        }
        return nil
    }
}

extension RewriteReport {
    /// Adds the finding of the first load of a removed subprogram's address.
    fileprivate mutating func note(_ removed: RemovedTargets, _ program: Program, place: (InputIndex) -> Int) {
        guard let (slot, target) = removed.loads.first else { return }
        let insn = program.insns[slot.position]
        removedTarget = program.subprograms.first { Int($0.start) == target }?.id
        findings.append(
            Finding(
                removedTargetOf: "pseudo-func-" + (insn.imm >= 0 ? "forward" : "backward"), place: place(slot),
                detail: "slot \(slot) of the program loads the address of the subprogram at \(target), which is removed"
            ))
    }
}

extension Finding {
    /// A constant that blinding left as it was.
    fileprivate static func unblinded(_ insn: Instruction, at slot: Int) -> Finding {
        Finding(
            target: Finding.kernelTarget, rule: .encoding, insn: "unblinded-" + insn.familyName, edit: "blinding",
            pass: 0, place: slot, detail: "slot \(slot): the constant of \(insn) is not blinded")
    }
}
