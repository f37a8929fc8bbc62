import BPF
import Patching

/// The oracle's own check for malformed passes.
///
/// It finds the roles of all slots in the pool of patches first, and then compares jumps and refs with the roles.
/// ``Patching/PassCheck`` works patch by patch and slot by slot instead, and the two must agree on every pass.
///
/// - Source: SEMANTICS, "Errors", first row
struct EditRules: ~Copyable {
    /// The roles of 64 slots of the pool, a bit for each slot.
    struct Roles: BitwiseCopyable {
        /// Slots with the code of a jump or call; after all roles are known, only real ones.
        var jumps: UInt64 = 0
        /// Slots with the code of a wide load.
        var wides: UInt64 = 0
        /// Slots with another code than 0.
        var codes: UInt64 = 0
        /// Placeholders of kept instructions, and among them those of second slots.
        var kept: UInt64 = 0
        var keptSeconds: UInt64 = 0
        /// The first slots after patches.
        var ends: UInt64 = 0
        /// Second slots of wide loads, including kept ones.
        var seconds: UInt64 = 0
        /// Jumps and calls without a ref.
        var relative: UInt64 = 0
    }

    /// A jump or call of a patch.
    struct PatchJump: BitwiseCopyable {
        var edit: TableIndex
        var slot: PatchIndex
    }

    private var roleStorage = Scratch<Roles>()
    private var jumpStorage = Scratch<PatchJump>()
    private var referringStorage = Scratch<TableIndex>()
    /// The number of jumps and calls in the patches of the pass.
    private(set) var jumpCount = 0

    /// The jumps and calls of all patches in order, without placeholders. Valid after a pass that is not malformed.
    var jumps: UnsafeTypedBuffer<TableIndex, PatchJump> { jumpStorage.buffer() }
    private var roles: UnsafeTypedBuffer<TableIndex, Roles> { roleStorage.buffer() }

    /// Returns true if a pass is malformed.
    ///
    /// - Complexity: O(patch slots + refs × log subprograms + edits + subprograms)
    mutating func isMalformed(
        _ pass: PassImage, on input: ProgramImage<InputIndex>, _ reading: JumpReading.Table
    ) -> Bool {
        // For the slots and the one after the last.
        let wordCount = pass.lastPatchEnd / 64 + 1
        roleStorage.reserve(wordCount)
        jumpStorage.reserve(pass.lastPatchEnd)
        referringStorage.reserve(pass.editCount + 1)
        read(pass, wordCount, reading)
        let roles = self.roles
        let referring = referringStorage.buffer(as: TableIndex.self)
        var referringCount = 0
        var patchEnd = 0
        var least = 0
        var subprogram = 0
        // The results of all rules are combined and tested once: a branch for each would be unpredictable.
        var broken: UInt64 = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let off = Int(edit.off.rawValue)
            let end = off &+ Int(edit.remove)
            if off < least || end > input.insnCount { return true }
            // The next edit starts after this range and, after an insertion, at a larger index.
            least = max(end, off &+ 1)
            // The first subprogram that starts after the first slot.
            while unsafe subprogram < input.subprogramCount
                && input.subprograms[TableIndex(subprogram)].start <= edit.off.rawValue
            {
                subprogram &+= 1
            }
            let next = input.end(of: TableIndex(subprogram &- 1))
            broken |= (next < end).bit & (edit.patchCount > 0).bit
            broken |= (edit.remove | edit.patchCount == 0).bit
            broken |= cutsWide(edit.off, input) | cutsWide(edit.end, input)
            broken |= edit.skip.bit & (edit.remove != 0).bit
            let replaced = unsafe input.insns[InputIndex(min(off, input.insnCount &- 1))]
            let width = 1 &+ (replaced.code == 0x18).bit
            let keeps = (edit.keep != EditRecord.noKeep).bit
            broken |= keeps & (UInt64(edit.remove) != width).bit
            broken |= keeps & (UInt64(edit.keep) &+ width > UInt64(edit.patchCount)).bit
            let start = edit.patchStart.position
            assert(start == patchEnd, "a patch at \(start) of the pool, after one that ends at \(patchEnd)")
            if edit.keep < edit.patchCount { mark(start &+ Int(edit.keep), isWide: edit.remove == 2) }
            patchEnd = start &+ Int(edit.patchCount)
            unsafe roles[TableIndex(patchEnd / 64)].ends |= 1 &<< UInt64(patchEnd % 64)
            unsafe referring[TableIndex(referringCount)] = TableIndex(number)
            referringCount &+= edit.refCount > 0 ? 1 : 0
        }
        if broken | settleRoles(wordCount) != 0 { return true }
        for number in 0..<referringCount {
            let edit = unsafe pass.edits[referring[TableIndex(number)]]
            if areRefsMalformed(edit, pass, input, reading) { return true }
        }
        return areJumpsMalformed(pass, wordCount, reading)
    }

    /// Reads the codes of the whole pool, in which patches are contiguous.
    @inline(__always)
    private func read(_ pass: PassImage, _ wordCount: Int, _ reading: JumpReading.Table) {
        let count = pass.lastPatchEnd
        for word in 0..<wordCount {
            let base = word &* 64
            var found = Roles()
            for bit in 0..<min(count &- base, 64) {
                let insn = unsafe pass.patches[PoolIndex(base &+ bit)]
                let place = UInt64(truncatingIfNeeded: bit)
                found.jumps |= UInt64(reading.count(insn)) &<< place
                found.wides |= (insn.code == 0x18).bit &<< place
                found.codes |= (insn.code != 0).bit &<< place
            }
            unsafe roles[TableIndex(word)] = found
        }
    }

    /// Marks the placeholders of kept instructions.
    @inline(__always)
    private func mark(_ kept: Int, isWide: Bool) {
        unsafe roles[TableIndex(kept / 64)].kept |= 1 &<< UInt64(kept % 64)
        let second = kept &+ 1
        unsafe roles[TableIndex(second / 64)].keptSeconds |= isWide.bit &<< UInt64(second % 64)
    }

    /// Finds second slots, and removes them from the jumps; returns 0 if all wide loads are whole.
    @inline(__always)
    private func settleRoles(_ count: Int) -> UInt64 {
        var broken: UInt64 = 0
        var second: UInt64 = 0
        for number in 0..<count {
            var word = unsafe roles[TableIndex(number)]
            word.kept |= word.keptSeconds
            // The slot after the first must be of the same patch, with code 0, and no placeholder.
            let wides = word.wides & ~word.kept
            let seconds = wides &<< 1 | second
            broken |= seconds & (word.codes | word.kept | word.ends)
            word.seconds = seconds | word.keptSeconds
            word.jumps &= ~word.kept
            word.relative = word.jumps
            unsafe roles[TableIndex(number)] = word
            second = wides &>> 63
        }
        return broken
    }

    /// 1 for an index between the slots of a wide load, else 0.
    @inline(__always)
    private func cutsWide(_ index: InputIndex, _ input: ProgramImage<InputIndex>) -> UInt64 {
        // A program cannot end with a first slot.
        let isInside = (index.rawValue > 0).bit
        let before = unsafe input.insns[InputIndex(rawValue: index.rawValue &- UInt32(truncatingIfNeeded: isInside))]
        return isInside & (before.code == 0x18).bit
    }

    /// Returns true if a subprogram starts at an index.
    private func isStart(_ index: InputIndex, _ input: ProgramImage<InputIndex>) -> Bool {
        var number = 0
        var count = input.subprogramCount
        // Binary search for the first start at or after the index.
        while count > 0 {
            let half = count / 2
            if unsafe input.subprograms[TableIndex(number + half)].start < index.rawValue {
                number += half + 1
                count -= half + 1
            } else {
                count = half
            }
        }
        return unsafe number < input.subprogramCount && input.subprograms[TableIndex(number)].start == index.rawValue
    }

    /// Returns true if refs of a patch are malformed; removes their jumps from the relative ones.
    private func areRefsMalformed(
        _ edit: EditRecord, _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ reading: JumpReading.Table
    ) -> Bool {
        for number in 0..<Int(edit.refCount) {
            let ref = unsafe pass.refs[edit.refStart + number]
            if ref.from.rawValue >= edit.patchCount { return true }
            let place = edit.patchStart + ref.from.position
            let bit: UInt64 = 1 &<< UInt64(place.rawValue % 64)
            // A removed bit is that of a jump with a ref already.
            if unsafe roles[TableIndex(place.position / 64)].relative & bit == 0 { return true }
            if unsafe reading[pass.patches[place]].isCall && !isStart(ref.to, input) { return true }
            unsafe roles[TableIndex(place.position / 64)].relative &= ~bit
        }
        return false
    }

    /// Lists the jumps of all patches; returns true if one without a ref is malformed.
    @inline(__always)
    private mutating func areJumpsMalformed(_ pass: PassImage, _ wordCount: Int, _ reading: JumpReading.Table) -> Bool {
        let roles = self.roles
        let list = jumps
        var count = 0
        var number = TableIndex(0)
        for word in 0..<wordCount {
            var left = unsafe roles[TableIndex(word)].jumps
            while left != 0 {
                let bit = left.trailingZeroBitCount
                left &= left &- 1
                let place = PoolIndex(word &* 64 &+ bit)
                while unsafe pass.edits[number].patchStart + Int(pass.edits[number].patchCount) <= place {
                    number = number + 1
                }
                let edit = unsafe pass.edits[number]
                let slot = place - edit.patchStart
                unsafe list[TableIndex(count)] = PatchJump(edit: number, slot: PatchIndex(slot))
                count &+= 1
                if unsafe roles[TableIndex(word)].relative &>> UInt64(truncatingIfNeeded: bit) & 1 == 0 { continue }
                let insn = unsafe pass.patches[place]
                let field = reading[insn]
                let target = slot &+ 1 &+ insn.offset(in: field)
                if field.isCall || target < 0 || target > Int(edit.patchCount) { return true }
                let there = edit.patchStart.position &+ target
                // The slot after the patch may belong to another patch, but is not a second slot.
                if unsafe roles[TableIndex(there / 64)].seconds &>> UInt64(there % 64) & 1 != 0 { return true }
            }
        }
        jumpCount = count
        return false
    }
}

extension Bool {
    /// 1 for true, else 0: unlike `&&` and `||`, `&` and `|` of numbers never branch.
    @inline(__always)
    fileprivate var bit: UInt64 { self ? 1 : 0 }
}

extension PassImage {
    /// The end of the last patch in the pool, in which patches are in the order of their edits.
    fileprivate var lastPatchEnd: Int {
        if editCount == 0 { return 0 }
        let last = unsafe edits[TableIndex(editCount - 1)]
        return last.patchStart.position + Int(last.patchCount)
    }
}
