import BPF
import Fuzzing
import Patching

/// Walks program and result together and says for each instruction that stands what stands for it.
///
/// Most instructions stand as they were and take a comparison each. Where several shapes are possible, the first is tried
/// and the others are remembered; a dead end goes back to the last choice. A place from which every way ended is not entered
/// again, so that the whole is linear in practice.
struct Alignment: ~Copyable {
    private var stepStorage = Scratch<AlignmentStep>()
    private var choiceStorage = Scratch<Choice>()
    private var failures = FailedPlaces()
    private var predictionStorage = Scratch<SlotPrediction>()
    /// How many steps there are.
    private(set) var stepCount = 0
    private var choiceCount = 0
    private var budget = 0
    private var remembersFailures = true
    /// The furthest place at which nothing fitted.
    private var furthest = (slot: 0, place: 0)

    /// The steps, in order.
    var steps: UnsafeTypedBuffer<TableIndex, AlignmentStep> { stepStorage.buffer() }

    /// A place with more than one way.
    struct Choice: BitwiseCopyable {
        var slot: InputIndex
        /// Where the slot is looked for, behind code at a start.
        var place: OutputIndex
        var number: Int32
        var steps: Int32
    }

    /// How a walk ended.
    enum End {
        case complete
        /// Nothing fits there.
        case stuck(slot: Int, place: Int)
    }

    /// The predictions, completed by the spills and fills that the alignment found removed.
    var predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction> { predictionStorage.buffer() }

    /// Takes all steps back.
    mutating func start(
        slots: Int, subprograms: Int, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) {
        predictionStorage.reserve(slots + 1)
        unsafe self.predictions.copy(slots + 1, from: predictions, at: InputIndex(0), to: InputIndex(0))
        stepStorage.reserve(slots + 2 * subprograms + 8)
        choiceStorage.reserve(slots + 1)
        stepCount = 0
    }

    /// The slot after the last step.
    var lastStepEnd: InputIndex {
        let last = unsafe steps[TableIndex(stepCount - 1)]
        return last.slot + Int(last.width)
    }

    /// Adds a step for what was found otherwise.
    mutating func add(_ step: AlignmentStep) {
        unsafe stepStorage.buffer(as: TableIndex.self)[TableIndex(stepCount)] = step
        stepCount += 1
    }

    /// Where the subprogram of the kernel's own starts; `nil` where there is none.
    var hiddenStart: Int? {
        if stepCount == 0 { return nil }
        let last = unsafe steps[TableIndex(stepCount - 1)]
        return last.kind == .append ? last.place.position : nil
    }

    /// Where in the result a slot of the program stands, or what stands for it; of one that is removed, what is behind it.
    ///
    /// - Complexity: O(slots)
    func place(of slot: InputIndex) -> OutputIndex {
        var (at, place) = (InputIndex(0), OutputIndex(0))
        for number in 0..<stepCount {
            let step = unsafe steps[TableIndex(number)]
            if step.slot > slot || (step.slot == slot && step.kind != .start) { break }
            at = step.slot + Int(step.width)
            place = step.place + Int(step.expansion.count)
        }
        while at < slot {
            if unsafe !predictions[at].isRemoved { place = place + 1 }
            at = at + 1
        }
        return place
    }

    /// Where in the result a place is that was counted without the code in front of subprograms.
    func place(behindStarts place: OutputIndex) -> OutputIndex {
        var place = place
        for number in 0..<stepCount {
            let step = unsafe steps[TableIndex(number)]
            if step.kind == .start && step.place <= place { place = place + Int(step.expansion.count) }
        }
        return place
    }

    /// Walks on from a slot and a place of the result to the end of both, or as far as it goes.
    ///
    /// The steps are those up to there.
    ///
    /// - Parameter length: of the result, in slots
    /// - Complexity: O(slots) where what stands there is plain
    mutating func walk(_ context: AlignmentContext, from slot: Int, _ place: Int, length: Int) -> End {
        let before = stepCount
        budget = 4096 + 16 * (context.count + length)
        furthest = (slot, place)
        failures.removeAll()
        remembersFailures = true
        if advance(context, from: slot, place, length: length) { return .complete }
        // The way to the furthest place is taken once more.
        let end = furthest
        takeBack(to: before)
        failures.removeAll()
        budget = 4096 + 16 * (context.count + length)
        _ = advance(context, from: slot, place, length: length, until: end)
        return .stuck(slot: end.slot, place: end.place)
    }

    /// Goes back to the last choice of a complete walk that was in one piece and looks for another way to the end.
    ///
    /// Where a context access ends cannot always be told from its instructions, but from where jumps and lines lead.
    ///
    /// - Returns: whether there is another
    mutating func walkOtherwise(_ context: AlignmentContext, length: Int, isQuick: Bool) -> Bool {
        if isQuick { budget = min(budget, choiceCount + 64) }
        // The choices that are left lead to an end, and so may a place behind them.
        remembersFailures = false
        failures.removeAll()
        guard let (slot, place) = goBack(context) else { return false }
        return advance(context, from: slot.position, place.position, length: length, keepsChoices: true)
    }

    private mutating func takeBack(to count: Int) {
        let steps = self.steps
        while stepCount > count {
            stepCount -= 1
            let step = unsafe steps[TableIndex(stepCount)]
            if step.kind == .rewritten && step.expansion.rewrite == .fastcall { setFastcall(step, .stands) }
        }
    }

    /// Removes the spills and fills of a step, or lets them stand.
    private func setFastcall(_ step: AlignmentStep, _ prediction: SlotPrediction) {
        let call = step.slot + Int(step.expansion.keep)
        for pair in 1...Int(step.expansion.keep) {
            for slot in [call + -pair, call + pair] {
                unsafe predictions[slot].bits = predictions[slot].bits & ~7 | prediction.bits
            }
        }
    }

    /// The walk; says whether it came to the end.
    private mutating func advance(
        _ context: AlignmentContext, from start: Int, _ startPlace: Int, length: Int,
        until stop: (slot: Int, place: Int)? = nil, keepsChoices: Bool = false
    ) -> Bool {
        let (insns, predictions, result, rules) = (context.insns, predictions, context.result, IdentityTable.shared.row)
        let count = context.count
        let stopSlot = stop?.slot ?? -1
        // No instruction of a program has this register, so that it stands for never.
        let suffix: UInt8 = context.fillsUpperHalves ? Register.hidden : 16
        var slot = InputIndex(start)
        var place = OutputIndex(startPlace)
        if !keepsChoices { choiceCount = 0 }
        while true {
            let prediction = unsafe predictions[slot]
            if slot.position < count {
                if prediction.isRemoved {
                    slot = slot + 1
                    continue
                }
                let insn = unsafe insns[slot]
                let found = unsafe result[place]
                let behind = unsafe result[place + 1]
                if prediction.bits == 0 && behind.dst != suffix && !behind.isBarrier {
                    let isPlain: Bool
                    switch unsafe rules[Slot(Int(insn.code))] {
                    case .exact: isPlain = insn.bits == found.bits
                    case .jump: isPlain = (insn.bits ^ found.bits) & insn.fieldsBesideOffset == 0
                    case .memory: isPlain = insn.bits == found.bits && insn.src == Register.frame
                    case .other: isPlain = false
                    }
                    if isPlain && slot.position != stopSlot {
                        slot = slot + 1
                        place = place + 1
                        continue
                    }
                }
            }
            if slot.position == stopSlot, let stop, place.position == stop.place { return true }
            if slot.position == count {
                if finish(place, length: length, context) { return true }
            } else {
                var choice = Choice(slot: slot, place: place, number: 0, steps: 0)
                if enter(&choice, prediction, context) {
                    choice.steps = Int32(stepCount)
                    if let next = take(&choice, context) {
                        (slot, place) = next
                        continue
                    }
                }
            }
            // A dead end.
            if place.position > furthest.place || (place.position == furthest.place && slot.position > furthest.slot) {
                furthest = (slot.position, place.position)
            }
            guard let next = goBack(context) else { return false }
            (slot, place) = next
        }
    }

    /// Takes another way at the last choice that has one, and says where it leads.
    private mutating func goBack(_ context: AlignmentContext) -> (InputIndex, OutputIndex)? {
        let choices = choiceStorage.buffer(as: TableIndex.self)
        while choiceCount > 0 && budget > 0 {
            budget -= 1
            choiceCount -= 1
            var choice = unsafe choices[TableIndex(choiceCount)]
            takeBack(to: Int(choice.steps))
            if let next = take(&choice, context) { return next }
            if remembersFailures { failures.insert(choice.slot, choice.place) }
        }
        return nil
    }

    /// Takes the code that the kernel put in front of a subprogram's first instruction.
    private mutating func enter(_ choice: inout Choice, _ prediction: SlotPrediction, _ context: AlignmentContext)
        -> Bool
    {
        if !prediction.isEntry { return true }
        if prediction.isCountedEntry {
            let expansion = context.border(.counterStart, at: choice.place)
            if !expansion.isThere { return false }
            addStart(expansion, &choice)
        }
        if isFirst(choice.slot, context) {
            let expansion = context.border(.programStart, at: choice.place)
            if expansion.isThere { addStart(expansion, &choice) }
        }
        return true
    }

    private mutating func addStart(_ expansion: Expansion, _ choice: inout Choice) {
        add(AlignmentStep(kind: .start, slot: choice.slot, width: 0, place: choice.place, expansion: expansion))
        choice.place = choice.place + Int(expansion.count)
    }

    /// Whether nothing in front of a slot stands.
    private func isFirst(_ slot: InputIndex, _ context: AlignmentContext) -> Bool {
        var before = slot
        while before.position > 0 {
            before = before + -1
            if unsafe !predictions[before].isRemoved { return false }
        }
        return true
    }

    /// Takes the next way of a choice and says where it leads.
    @inline(__always)
    private mutating func take(_ choice: inout Choice, _ context: AlignmentContext) -> (InputIndex, OutputIndex)? {
        if failures.holds(choice.slot, choice.place) { return nil }
        guard let (expansion, next) = context.next(choice.number, for: choice.slot, at: choice.place, predictions)
        else { return nil }
        choice.number = next
        unsafe choiceStorage.buffer(as: TableIndex.self)[TableIndex(choiceCount)] = choice
        choiceCount += 1
        let width = unsafe expansion.rewrite == .fastcall ? 0 : context.insns[choice.slot].width
        let isPlain = expansion.isItself && expansion.rewrite == .inPlace
        if !isPlain {
            let step = AlignmentStep(
                kind: .rewritten, slot: choice.slot, width: UInt32(width), place: choice.place, expansion: expansion)
            add(step)
            if expansion.rewrite == .fastcall { setFastcall(step, .fastcall) }
        }
        return (choice.slot + width, choice.place + Int(expansion.count))
    }

    /// Whether the result ends with the program, or with the kernel's own subprogram behind it where something is thrown.
    private mutating func finish(_ place: OutputIndex, length: Int, _ context: AlignmentContext) -> Bool {
        let exceptions = context.exceptions
        if place.position == length { return !exceptions.isThrowing || exceptions.mayCatch }
        if !exceptions.isThrowing { return false }
        let expansion = context.border(.programEnd, at: place)
        if !expansion.isThere || place.position + Int(expansion.count) != length { return false }
        add(
            AlignmentStep(kind: .append, slot: InputIndex(context.count), width: 0, place: place, expansion: expansion))
        return true
    }
}
