import BPF

extension InstructionPatcher {
    /// A pass that has been carried out, and its input.
    struct CarriedPass: BitwiseCopyable {
        var pass: PassImage
        var input: ProgramImage<InputIndex>
    }

    /// The program after all passes carried out so far.
    var current: ProgramImage<InputIndex> {
        unsafe memory.value.phasePassCount > 0 ? memory.value.result.image() : program
    }

    /// Sorts the pending edits into passes and carries them out.
    func carryOutPending() throws(PatchingError) {
        let first = unsafe memory.value.phasePassCount + 1
        if unsafe memory.value.isOrdered && first == 1 { return try carryOut(pending.image) }
        let notes = unsafe memory.value.notes.buffer(as: TableIndex.self)
        let edits = pending.image.edits
        var last = first
        for edit in 0..<pending.editCount { last = unsafe Swift.max(last, Int(notes[TableIndex(edit)].pass)) }
        unsafe memory.value.schedule.sort(notes, count: pending.editCount, passes: first...last)
        for pass in first...last {
            let ranks = unsafe memory.value.schedule.ranks(of: pass)
            unsafe memory.value.schedule.sort(ranks, by: edits, slotCount: program.insnCount)
            follow()
            try carryOut(try translate(ranks))
        }
    }

    /// Carries out a pass, whose indices are those of its input.
    private func carryOut(_ pass: PassImage) throws(PatchingError) {
        let input = current
        switch unsafe design.apply(pass, to: input, into: memory.value.spare) {
        case .accepted: break
        case .einval, .unusable: throw .refused(pass: passCount)
        case .erange: throw .outOfRange(pass: passCount)
        }
        unsafe swap(&memory.value.result, &memory.value.spare)
        unsafe memory.value.phasePassCount += 1
        unsafe memory.value.passCount += 1
        unsafe memory.value.lastPass = CarriedPass(pass: pass, input: input)
    }

    /// Updates ``Memory/places`` after the last pass.
    ///
    /// Done on demand: most programs take one pass, and most callers query no places.
    func follow() {
        guard unsafe memory.value.followedPassCount < memory.value.phasePassCount,
            let last = unsafe memory.value.lastPass
        else {
            return
        }
        unsafe memory.value.places.advance(by: last.pass, on: last.input)
        unsafe memory.value.followedPassCount += 1
    }

    // MARK: From original indices to those of a pass

    /// Writes the edits with some ranks in the indices of the next pass's input.
    private func translate(_ ranks: Range<Int>) throws(PatchingError) -> PassImage {
        var image = pending.image
        let records = unsafe memory.value.schedule.records(count: ranks.count)
        let notes = unsafe memory.value.notes.buffer(as: TableIndex.self)
        let input = current
        for rank in ranks {
            let number = unsafe TableIndex(rawValue: memory.value.schedule.order[TableIndex(rank)])
            var edit = unsafe image.edits[number]
            let end = unsafe edit.remove > 0 ? memory.value.places.place(of: edit.end + -1) + 1 : 0
            let place = unsafe edit.off == endIndex ? UInt32(input.insnCount) : memory.value.places.place(of: edit.off)
            edit.off = unsafe InputIndex(rawValue: place - notes[number].lead)
            if edit.remove > 0 { edit.remove = end - edit.off.rawValue }
            for ref in 0..<Int(edit.refCount) {
                unsafe try translate(&image.refs[edit.refStart + ref], image.patch(of: edit), input)
            }
            unsafe records[TableIndex(rank - ranks.lowerBound)] = edit
        }
        image.edits = records
        image.editCount = ranks.count
        assert(PassCheck.fault(in: image, on: input) == nil, "a well-formed edit has become malformed")
        return image
    }

    /// Points a ref to the slot that a jump to its target reaches now, or to the current start of the callee.
    private func translate(
        _ ref: inout Ref, _ patch: UnsafeTypedBuffer<PatchIndex, Instruction>, _ input: ProgramImage<InputIndex>
    ) throws(PatchingError) {
        if unsafe patch[ref.from].jumpKind.isCall {
            let number = unsafe memory.value.places.number(of: program.subprogram(holding: ref.to))
            if number == SlotPlaces.nowhere { throw .refused(pass: passCount) }
            ref.to = unsafe InputIndex(rawValue: input.subprograms[TableIndex(rawValue: number)].start)
        } else {
            let landing =
                unsafe ref.to.position < program.insnCount
                ? memory.value.places.landing(of: ref.to) : SlotPlaces.nowhere
            if landing == SlotPlaces.nowhere { throw .refused(pass: passCount) }
            ref.to = InputIndex(rawValue: landing)
        }
    }
}
