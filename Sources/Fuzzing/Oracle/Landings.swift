import BPF
import Patching

/// Where every slot of the input goes, and where jumps and calls to it land.
///
/// Worked out by one sweep forward over the edits and one backward over what they delete. How long a run of slots is, and
/// what an edit does, are as good as random; so runs are written some slots at a time, with what comes behind them written
/// over what is too much, and every edit writes the same things in the same order.
///
/// - Source: SEMANTICS, "Where a jump to input index `t` lands"
struct Landings: ~Copyable {
    /// Nothing stands for this slot.
    static let nothing = Int32(-1)
    /// How many slots are written at a time, and so how many too many may be.
    private static let chunk = 8
    private static var ramp: SIMD8<Int32> { SIMD8(0, 1, 2, 3, 4, 5, 6, 7) }

    private var jumpStorage = Scratch<Int32>()
    private var callStorage = Scratch<Int32>()
    private var placeStorage = Scratch<Int32>()
    private var deletionStorage = Scratch<TableIndex>()

    /// Where jumps to each input slot land; negative where nothing stands.
    var jumps: UnsafeTypedBuffer<InputIndex, Int32> { jumpStorage.buffer() }
    /// Where calls to each input slot land, and where what is inserted at the end of the program starts.
    var calls: UnsafeTypedBuffer<InputIndex, Int32> { callStorage.buffer() }
    /// Where each input slot itself stands; negative where it is removed.
    var places: UnsafeTypedBuffer<InputIndex, Int32> { placeStorage.buffer() }

    /// Gives every input slot its landing and says how long the result is.
    ///
    /// - Parameter pass: not malformed
    /// - Complexity: O(slots + edits + subprograms)
    mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>) -> Int {
        let count = input.insnCount
        jumpStorage.reserve(count + Landings.chunk * 2)
        callStorage.reserve(count + Landings.chunk * 2)
        placeStorage.reserve(count + Landings.chunk * 2)
        deletionStorage.reserve(pass.editCount + 1)
        let jumps = self.jumps
        let calls = self.calls
        let deletions = deletionStorage.buffer(as: TableIndex.self)
        var deletionCount = 0
        var out: Int32 = 0
        if pass.editCount > 0 {
            out = Int32(bitPattern: pass.edit(0).off.rawValue)
        } else {
            out = Int32(truncatingIfNeeded: count)
        }
        survive(from: 0, to: Int(out), at: 0)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let next = out &+ Int32(bitPattern: edit.patchCount)
            remove(edit, at: out)
            let isLast = number + 1 == pass.editCount
            let end = edit.end.position
            let stop = isLast ? count : pass.edit(number + 1).off.position
            survive(from: end, to: stop, at: next)
            // Last, for an insertion: the slot behind it is the one that it stands at.
            unsafe calls[edit.off] = out
            unsafe jumps[edit.off] = edit.skip ? next : out
            out = next &+ Int32(truncatingIfNeeded: stop &- end)
            unsafe deletions[TableIndex(deletionCount)] = TableIndex(number)
            deletionCount &+= edit.patchCount == 0 ? 1 : 0
        }
        var subprogram = input.subprogramCount
        for number in stride(from: deletionCount - 1, through: 0, by: -1) {
            let edit = unsafe pass.edits[deletions[TableIndex(number)]]
            land(inDeletion: edit, input, &subprogram)
        }
        return Int(out)
    }

    /// Writes input slots that stand where they stood, from `place` on; at least ``chunk`` are written.
    @inline(__always)
    private func survive(from start: Int, to stop: Int, at place: Int32) {
        var slot = start
        var landings = SIMD8(repeating: place) &+ Landings.ramp
        repeat {
            unsafe jumps.write(landings, at: InputIndex(slot))
            unsafe calls.write(landings, at: InputIndex(slot))
            unsafe places.write(landings, at: InputIndex(slot))
            landings &+= SIMD8(repeating: Int32(Landings.chunk))
            slot = slot &+ Landings.chunk
        } while slot < stop
    }

    /// Writes the slots that an edit replaces or deletes, with nothing standing for them; its first one is left to the
    /// caller. What is kept stands in the patch.
    @inline(__always)
    private func remove(_ edit: EditRecord, at out: Int32) {
        let nothing = SIMD8(repeating: Landings.nothing)
        let kept = SIMD8(repeating: out &+ Int32(bitPattern: edit.keep)) &+ Landings.ramp
        // All bits of ``nothing`` are set, so that nothing is left of a place.
        let mask: Int32 = edit.keep == EditRecord.noKeep ? Landings.nothing : 0
        let standing = kept | SIMD8(repeating: mask)
        var slot = edit.off
        repeat {
            unsafe jumps.write(nothing, at: slot)
            unsafe calls.write(nothing, at: slot)
            unsafe places.write(standing, at: slot)
            slot = slot + Landings.chunk
        } while slot < edit.end
    }

    /// Lets jumps to deleted slots land where those to the slot behind them do, unless a subprogram ends in between.
    ///
    /// - Parameter subprogram: how many subprograms start before the deletion behind this one
    @inline(__always)
    private func land(
        inDeletion edit: EditRecord, _ input: ProgramImage<InputIndex>, _ subprogram: inout Int
    ) {
        let jumps = self.jumps
        let calls = self.calls
        var stop = edit.end
        while unsafe input.subprograms[TableIndex(subprogram - 1)].start >= stop.rawValue { subprogram -= 1 }
        let end = input.end(of: TableIndex(subprogram - 1))
        var jump = unsafe stop.position == end ? Landings.nothing : jumps[stop]
        var call = unsafe stop.position == end ? Landings.nothing : calls[stop]
        while true {
            let start = unsafe max(edit.off, InputIndex(rawValue: input.subprograms[TableIndex(subprogram - 1)].start))
            var slot = stop
            while slot > start {
                slot = slot + -1
                unsafe jumps[slot] = jump
                unsafe calls[slot] = call
            }
            if start == edit.off { return }
            // The last slot of a subprogram is followed by nothing in it.
            subprogram -= 1
            stop = start
            jump = Landings.nothing
            call = Landings.nothing
        }
    }
}
