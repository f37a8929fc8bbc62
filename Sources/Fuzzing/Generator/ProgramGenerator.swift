import BPF
import Patching

/// Generates random well-formed programs.
struct ProgramGenerator: ~Copyable {
    private var jumps = Scratch<Slot>()
    private var palette = Scratch<SlotPattern>(capacity: CaseFeatures.paletteSize)
    private var patterns = Scratch<SlotPattern>()

    /// The number of patterns for each kernel.
    private let patternCount: Int

    /// - Parameter kernels: the kernels that must define all codes, cycled by case index; `nil` for none
    init(kernels: [KernelFunctions?] = [nil]) {
        let patterns = SlotPattern.all()
        patternCount = patterns.count
        let all = kernels.flatMap { kernel in
            patterns.map { pattern in kernel.map(pattern.defined(in:)) ?? pattern }
        }
        self.patterns.reserve(all.count)
        self.patterns.buffer(as: Slot.self).load(all)
    }

    /// The patterns of slots in the current case.
    var chosen: UnsafeTypedBuffer<Slot, SlotPattern> { palette.buffer() }

    /// Picks the kinds of slots in the case.
    ///
    /// - Parameter turn: the index of the kernel that must define their codes
    mutating func begin(turn: Int = 0, _ draws: inout Draws) {
        let patterns = patterns.buffer(as: Slot.self).suffix(from: Slot(turn * patternCount), as: Slot.self)
        fill(palette.buffer(), from: patterns, &draws)
    }

    /// Fills the palette from which the kinds of slots are picked. Its kinds and their shares differ from case to case.
    private func fill(
        _ palette: UnsafeTypedBuffer<Slot, SlotPattern>, from patterns: UnsafeTypedBuffer<Slot, SlotPattern>,
        _ draws: inout Draws
    ) {
        var bits = draws.bits()
        let jumps = bits.below(16)
        let others: [4 of CaseFeatures.Kind] = [.memory, .wide, .decoy, .alu]
        let jumpKinds: [8 of CaseFeatures.Kind] = [
            .conditional, .ja, .mayGoto, .gotol, .conditional32, .call, .function, .odd,
        ]
        // A case has about half of the kinds.
        let mask = bits.below(256) | 1 << bits.below(8)
        let otherMask = bits.below(8) | 8
        let turn = bits.below(16)
        func put(_ kind: CaseFeatures.Kind, at entry: Int) {
            unsafe palette[Slot(entry)] =
                unsafe patterns[Slot(Int(kind.rawValue) * SlotPattern.variants + (entry + turn) % SlotPattern.variants)]
        }
        let firstKind = jumpKinds[mask.trailingZeroBitCount]
        for entry in 0..<jumps { put(mask >> (entry & 7) & 1 != 0 ? jumpKinds[entry & 7] : firstKind, at: entry) }
        for entry in jumps..<24 { put(otherMask >> (entry & 3) & 1 != 0 ? others[entry & 3] : .alu, at: entry) }
        for entry in 24..<CaseFeatures.paletteSize { put(.alu, at: entry) }
    }

    /// Fills a buffer with a program of the given features.
    ///
    /// - Complexity: O(slots)
    mutating func generate(
        _ features: CaseFeatures, _ maker: inout SlotMaker, _ draws: inout Draws, into buffer: ProgramBuffer
    ) {
        let count = features.insns
        buffer.reserve(insns: count, subprograms: features.subprograms, lines: count)
        buffer.insnCount = count
        let program: ProgramImage<Slot> = buffer.image()
        buffer.subprogramCount = chooseStarts(features.subprograms, count, program.subprograms, &draws)
        jumps.reserve(count)
        let jumpRow = jumps.buffer(as: TableIndex.self)
        var jumpCount = 0
        var number = 0
        var end = 0
        var slot = 0
        let image: ProgramImage<Slot> = buffer.image()
        let patterns = chosen
        while slot < count {
            if slot == end || number == 0 {
                end = image.end(of: TableIndex(number))
                number += 1
                if slot >= end { continue }
            }
            var bits = draws.bits()
            var pattern = unsafe patterns[Slot(bits.below(CaseFeatures.paletteSize))]
            var isWide = pattern.code == Opcode.loadImmediate64
            // A wide load needs a second slot in its own subprogram.
            if isWide && slot + 1 == end {
                pattern = .plain
                isWide = false
            }
            let index = Slot(slot)
            unsafe image.insns[index] = maker.make(pattern, &bits)
            unsafe image.aux[index] = UInt32(7000 + slot)
            // Written unconditionally, counted if it is a jump: a branch would be unpredictable.
            unsafe jumpRow[TableIndex(jumpCount)] = index
            jumpCount += pattern.kind.isJump ? 1 : 0
            slot += 1
            if isWide {
                unsafe image.insns[index + 1] = maker.makeSecond()
                unsafe image.aux[index + 1] = UInt32(7000 + slot)
                slot += 1
            }
        }
        aim(image, jumpRow, jumpCount, &draws)
        buffer.lineCount = chooseLines(features, image, &draws)
    }

    /// Chooses random subprogram starts and returns their number.
    private func chooseStarts(
        _ wanted: Int, _ count: Int, _ starts: UnsafeTypedBuffer<TableIndex, Subprogram>, _ draws: inout Draws
    ) -> Int {
        unsafe starts[TableIndex(0)] = Subprogram(start: 0, id: 100)
        var found = 1
        for _ in 1..<max(wanted, 1) {
            let start = UInt32(draws.below(count))
            var place = found
            while unsafe starts[TableIndex(place - 1)].start > start { place -= 1 }
            if unsafe starts[TableIndex(place - 1)].start == start { continue }
            unsafe starts.move(found - place, from: TableIndex(place), to: TableIndex(place + 1))
            unsafe starts[TableIndex(place)] = Subprogram(start: start, id: 0)
            found += 1
        }
        for number in 1..<max(found, 1) { unsafe starts[TableIndex(number)].id = UInt32(100 + number) }
        return found
    }

    /// Points every jump to an instruction of its subprogram and every call to a start.
    private func aim(
        _ program: ProgramImage<Slot>, _ jumps: UnsafeTypedBuffer<TableIndex, Slot>, _ jumpCount: Int,
        _ draws: inout Draws
    ) {
        var number = 0
        var low = 0
        var high = program.end(of: TableIndex(0))
        // Some jumps share a target, so that one edit there affects many.
        let hot = draws.below(program.insnCount)
        for row in 0..<jumpCount {
            let slot = unsafe jumps[TableIndex(row)]
            while slot.position >= high {
                number += 1
                low = high
                high = program.end(of: TableIndex(number))
            }
            var insn = unsafe program.insns[slot]
            let kind = insn.jumpKind
            var target: Int
            if kind.isCall {
                target = unsafe Int(program.subprograms[TableIndex(draws.below(program.subprogramCount))].start)
            } else {
                var bits = draws.bits()
                switch bits.below(16) {
                case 0, 1, 2, 3: target = slot.position + bits.below(8) - 3
                case 4, 5: target = hot
                case 6: target = low
                case 7: target = high - 1
                default: target = low + draws.below(high - low)
                }
                if target < low || target >= high { target = low + draws.below(high - low) }
                if program.isSecondSlot(Slot(target)) { target -= 1 }
            }
            _ = insn.setJumpOffset(target - slot.position - 1, kind)
            unsafe program.insns[slot] = insn
        }
    }

    /// Chooses random line records and returns their number.
    private func chooseLines(
        _ features: CaseFeatures, _ program: ProgramImage<Slot>, _ draws: inout Draws
    ) -> Int {
        if features.lines == 0 { return 0 }
        var found = 0
        var bits = draws.bits()
        for slot in 0..<program.insnCount {
            if slot & 15 == 15 { bits = draws.bits() }
            let isChosen = bits.chance(features.lines, of: 16)
            if isChosen && !program.isSecondSlot(Slot(slot)) {
                unsafe program.lines[TableIndex(found)] = LineRecord(insnOff: UInt32(slot), id: UInt32(500 + slot))
                found += 1
            }
        }
        return found
    }
}
