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

    private var jumpStorage = RowStorage<Int32>()
    private var callStorage = RowStorage<Int32>()
    private var placeStorage = RowStorage<Int32>()
    private var deletionStorage = RowStorage<TableIndex>()

    /// Where jumps to each input slot land; negative where nothing stands.
    var jumps: Row<InputIndex, Int32> { jumpStorage.row() }
    /// Where calls to each input slot land, and where what is inserted at the end of the program starts.
    var calls: Row<InputIndex, Int32> { callStorage.row() }
    /// Where each input slot itself stands; negative where it is removed.
    var places: Row<InputIndex, Int32> { placeStorage.row() }

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
        let deletions = deletionStorage.row(as: TableIndex.self)
        var deletionCount = 0
        var out: Int32 = 0
        if pass.editCount > 0 {
            out = Int32(bitPattern: pass.edits[TableIndex(0)].off.rawValue)
        } else {
            out = Int32(truncatingIfNeeded: count)
        }
        survive(from: 0, to: Int(out), at: 0)
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let next = out &+ Int32(bitPattern: edit.patchCount)
            remove(edit, at: out)
            let isLast = number + 1 == pass.editCount
            let end = edit.end.position
            let stop = isLast ? count : pass.edits[TableIndex(number + 1)].off.position
            survive(from: end, to: stop, at: next)
            // Last, for an insertion: the slot behind it is the one that it stands at.
            calls[edit.off] = out
            jumps[edit.off] = edit.skip ? next : out
            out = next &+ Int32(truncatingIfNeeded: stop &- end)
            deletions[TableIndex(deletionCount)] = TableIndex(number)
            deletionCount &+= edit.patchCount == 0 ? 1 : 0
        }
        var subprogram = input.subprogramCount
        for number in stride(from: deletionCount - 1, through: 0, by: -1) {
            let edit = pass.edits[deletions[TableIndex(number)]]
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
            jumps.write(landings, at: InputIndex(slot))
            calls.write(landings, at: InputIndex(slot))
            places.write(landings, at: InputIndex(slot))
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
            jumps.write(nothing, at: slot)
            calls.write(nothing, at: slot)
            places.write(standing, at: slot)
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
        while input.subprograms[TableIndex(subprogram - 1)].start >= stop.rawValue { subprogram -= 1 }
        let end = input.end(of: TableIndex(subprogram - 1))
        var jump = stop.position == end ? Landings.nothing : jumps[stop]
        var call = stop.position == end ? Landings.nothing : calls[stop]
        while true {
            let start = max(edit.off, InputIndex(rawValue: input.subprograms[TableIndex(subprogram - 1)].start))
            var slot = stop
            while slot > start {
                slot = slot + -1
                jumps[slot] = jump
                calls[slot] = call
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
