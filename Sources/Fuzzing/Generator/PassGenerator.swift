import BPF
import Patching

/// Generates random passes for a program, with edits mostly at borders.
struct PassGenerator: ~Copyable {
    private var anchorStorage = Scratch<InputIndex>()
    private var jumpTargets = JumpTargetCounts()
    private var patches = PatchGenerator()

    /// Fills a buffer with a pass for a program.
    ///
    /// - Parameter isChecked: true if all jumps must have a slot to reach; else the pass may be refused
    /// - Complexity: O(slots + edits²) for few edits, O(slots + edits) for many
    mutating func generate(
        _ features: CaseFeatures, for input: ProgramImage<InputIndex>, isChecked: Bool,
        patterns: UnsafeTypedBuffer<Slot, SlotPattern>, _ maker: inout SlotMaker, _ draws: inout Draws,
        into buffer: PassBuffer
    ) {
        buffer.removeAll()
        jumpTargets.load(input)
        let count = chooseAnchors(features, input, &draws)
        let anchors = anchorStorage.buffer(as: TableIndex.self)
        var build = PassBuilder(features: features, input: input, isChecked: isChecked)
        var aim = features.isFar ? RangeLimitAimer(input, jumpTargets, &draws) : nil
        for row in 0..<count {
            let next = unsafe row + 1 < count ? anchors[TableIndex(row + 1)].position : input.insnCount
            guard let off = unsafe build.start(near: anchors[TableIndex(row)]) else { continue }
            guard let edit = build.choose(at: off, before: next, jumpTargets, &draws) else { continue }
            buffer.addEdit(off: off, remove: UInt32(edit.end - off), skip: edit.skip)
            if edit.hasPatch {
                patches.generate(edit, at: off, build, patterns: patterns, jumpTargets, &maker, &draws, into: buffer)
            }
            build.finish(edit, at: off, jumpTargets)
            aim?.note(buffer, isLast: row + 1 == count, nextAnchor: next, &maker)
        }
    }

    /// Chooses the starts of edits, in order and without repetition, and returns their number.
    private mutating func chooseAnchors(
        _ features: CaseFeatures, _ input: ProgramImage<InputIndex>, _ draws: inout Draws
    ) -> Int {
        let places = input.insnCount + 1
        let wanted = min(features.edits, places)
        anchorStorage.reserve(wanted + 1)
        let anchors = anchorStorage.buffer(as: TableIndex.self)
        if wanted > 40 { return walk(wanted, places, anchors, &draws) }
        var found = 0
        var tries = 0
        var before = 0
        while found < wanted && tries < wanted * 4 {
            tries += 1
            let anchor = chooseAnchor(features, input, behind: before, &draws)
            before = anchor
            let index = InputIndex(anchor)
            var place = found
            while unsafe place > 0 && anchors[TableIndex(place - 1)] > index {
                unsafe anchors[TableIndex(place)] = anchors[TableIndex(place - 1)]
                place -= 1
            }
            if unsafe place > 0 && anchors[TableIndex(place - 1)] == index {
                // A duplicate: close the gap again.
                while place < found {
                    unsafe anchors[TableIndex(place)] = anchors[TableIndex(place + 1)]
                    place += 1
                }
                continue
            }
            unsafe anchors[TableIndex(place)] = index
            found += 1
        }
        return found
    }

    /// Chooses many starts, one after the other, with gaps around the mean.
    private func walk(
        _ wanted: Int, _ places: Int, _ anchors: UnsafeTypedBuffer<TableIndex, InputIndex>, _ draws: inout Draws
    ) -> Int {
        let gap = max(1, places / wanted)
        var at = draws.below(gap)
        var found = 0
        while at < places && found < wanted {
            unsafe anchors[TableIndex(found)] = InputIndex(at)
            found += 1
            at += 1 + draws.below(gap * 2 - 1)
        }
        return found
    }

    /// Chooses one start, mostly at a border.
    @inline(__always)
    private func chooseAnchor(
        _ features: CaseFeatures, _ input: ProgramImage<InputIndex>, behind before: Int, _ draws: inout Draws
    ) -> Int {
        var bits = draws.bits()
        let places = input.insnCount + 1
        if bits.chance(features.sideBySide, of: 16) { return min(before + 1 + bits.below(2), input.insnCount) }
        if !bits.chance(features.borders, of: 16) { return draws.below(places) }
        var anchor: Int
        switch bits.below(8) {
        case 0: anchor = bits.below(2) * input.insnCount
        case 1:
            let number = draws.below(input.subprogramCount)
            anchor = unsafe Int(input.subprograms[TableIndex(number)].start) - bits.below(2)
        default:
            if jumpTargets.jumpCount == 0 { return draws.below(places) }
            let jump = unsafe jumpTargets.jumps[TableIndex(draws.below(jumpTargets.jumpCount))]
            anchor = jump.position
            if bits.chance(3, of: 4) {
                let insn = unsafe input.insns[jump]
                anchor += 1 + insn.jumpOffset(insn.jumpKind)
            }
            anchor += bits.below(4) - 1
        }
        anchor = max(0, min(anchor, input.insnCount))
        return anchor
    }
}
