import BPF
import Patching

/// The place of every input slot in the result, and the slots that jumps and calls to it reach.
///
/// One sweep forward over the edits and one backward over the deletions compute them. Lengths of runs and forms of
/// edits are unpredictable, so the code avoids branches: runs are written in chunks, and the next run overwrites the
/// excess; every edit writes the same buffers in the same order.
///
/// - Source: SEMANTICS, "Where a jump to input index `t` lands"
struct ExpectedTargets: ~Copyable {
    /// The entry of a slot without a place, or without a slot to reach.
    static let nothing = Int32(-1)
    /// The number of slots that are written at a time; one less may be excess.
    private static let chunk = 8
    private static var ramp: SIMD8<Int32> { SIMD8(0, 1, 2, 3, 4, 5, 6, 7) }

    private var jumpStorage = Scratch<Int32>()
    private var callStorage = Scratch<Int32>()
    private var placeStorage = Scratch<Int32>()
    private var deletionStorage = Scratch<TableIndex>()

    /// The slot that jumps to each input slot reach; negative if there is none.
    var jumps: UnsafeTypedBuffer<InputIndex, Int32> { jumpStorage.buffer() }
    /// The slot that calls to each input slot reach; for the end, the start of appended code.
    var calls: UnsafeTypedBuffer<InputIndex, Int32> { callStorage.buffer() }
    /// The place of each input slot itself; negative if it is removed.
    var places: UnsafeTypedBuffer<InputIndex, Int32> { placeStorage.buffer() }

    /// Computes all entries and returns the length of the result.
    ///
    /// - Parameter pass: not malformed
    /// - Complexity: O(slots + edits + subprograms)
    mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>) -> Int {
        let count = input.insnCount
        jumpStorage.reserve(count + ExpectedTargets.chunk * 2)
        callStorage.reserve(count + ExpectedTargets.chunk * 2)
        placeStorage.reserve(count + ExpectedTargets.chunk * 2)
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
            // Last, because an insertion overwrites the entry of the slot after it.
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

    /// Writes surviving slots with places from `place` on; at least ``chunk`` are written.
    @inline(__always)
    private func survive(from start: Int, to stop: Int, at place: Int32) {
        var slot = start
        var targets = SIMD8(repeating: place) &+ ExpectedTargets.ramp
        repeat {
            unsafe jumps.write(targets, at: InputIndex(slot))
            unsafe calls.write(targets, at: InputIndex(slot))
            unsafe places.write(targets, at: InputIndex(slot))
            targets &+= SIMD8(repeating: Int32(ExpectedTargets.chunk))
            slot = slot &+ ExpectedTargets.chunk
        } while slot < stop
    }

    /// Writes the slots that an edit removes, without targets; kept slots have a place in the patch. The caller writes
    /// the first target.
    @inline(__always)
    private func remove(_ edit: EditRecord, at out: Int32) {
        let nothing = SIMD8(repeating: ExpectedTargets.nothing)
        let kept = SIMD8(repeating: out &+ Int32(bitPattern: edit.keep)) &+ ExpectedTargets.ramp
        // ``nothing`` has all bits set, so it overwrites a place.
        let mask: Int32 = edit.keep == EditRecord.noKeep ? ExpectedTargets.nothing : 0
        let surviving = kept | SIMD8(repeating: mask)
        var slot = edit.off
        repeat {
            unsafe jumps.write(nothing, at: slot)
            unsafe calls.write(nothing, at: slot)
            unsafe places.write(surviving, at: slot)
            slot = slot + ExpectedTargets.chunk
        } while slot < edit.end
    }

    /// Copies to deleted slots the targets of the slot after them, unless a subprogram ends in between.
    ///
    /// - Parameter subprogram: the number of subprograms that start before the next deletion; updated for this one
    @inline(__always)
    private func land(
        inDeletion edit: EditRecord, _ input: ProgramImage<InputIndex>, _ subprogram: inout Int
    ) {
        let jumps = self.jumps
        let calls = self.calls
        var stop = edit.end
        while unsafe input.subprograms[TableIndex(subprogram - 1)].start >= stop.rawValue { subprogram -= 1 }
        let end = input.end(of: TableIndex(subprogram - 1))
        var jump = unsafe stop.position == end ? ExpectedTargets.nothing : jumps[stop]
        var call = unsafe stop.position == end ? ExpectedTargets.nothing : calls[stop]
        while true {
            let start = unsafe max(edit.off, InputIndex(rawValue: input.subprograms[TableIndex(subprogram - 1)].start))
            var slot = stop
            while slot > start {
                slot = slot + -1
                unsafe jumps[slot] = jump
                unsafe calls[slot] = call
            }
            if start == edit.off { return }
            // No slot follows the last slot of a subprogram.
            subprogram -= 1
            stop = start
            jump = ExpectedTargets.nothing
            call = ExpectedTargets.nothing
        }
    }
}
