import BPF
import Patching

/// The oracle's own rules for line records, applied edit by edit as in SEMANTICS.
///
/// - Source: SEMANTICS, "What travels along", lines
enum LineRules {
    /// Writes the records after a pass to another table and returns their number.
    ///
    /// - Parameters:
    ///   - length: the length of the program in slots
    ///   - result: a table with room for as many records
    /// - Complexity: O(edits + lines)
    @inline(__always)
    static func apply(
        _ pass: PassImage, to lines: UnsafeTypedBuffer<TableIndex, LineRecord>, count: Int, length: Int,
        into result: UnsafeTypedBuffer<TableIndex, LineRecord>
    ) -> Int {
        if count == 0 { return 0 }
        var records = Records(lines: lines, count: count, length: UInt32(length), result: result)
        for number in 0..<pass.editCount {
            if records.next == count { break }
            let edit = pass.edit(number)
            // An append, always the last edit, shifts nothing.
            if Int(edit.off.rawValue) == length { break }
            let off = edit.off.rawValue
            let end = off + edit.remove
            if records.head.insnOff > end {
                // All other records are after the edit, which only shifts them.
                records.shift &+= edit.patchCount &- edit.remove
            } else if edit.patchCount == 0 {
                records.delete(from: off, to: end)
            } else if edit.remove == 0 {
                records.patch(off, length: edit.patchCount + 1)
            } else {
                if edit.remove > 1 { records.delete(from: off + 1, to: end) }
                records.patch(off, length: edit.patchCount)
            }
        }
        records.settle(before: UInt32.max)
        return records.settled
    }

    /// The records after some edits.
    ///
    /// Edits are in order, so records before an edit are final, and all others have shifted by the same distance. They
    /// keep their index in the input here, and the distance is stored once.
    private struct Records {
        let lines: UnsafeTypedBuffer<TableIndex, LineRecord>
        let count: Int
        /// The length of the input.
        let length: UInt32
        let result: UnsafeTypedBuffer<TableIndex, LineRecord>
        /// The number of final records.
        var settled = 0
        /// The number of the first record that an edit may still change.
        var next = 0
        /// The record `next`, unless `next` is `count`.
        var head: LineRecord
        /// The distance by which all records from `next` on have shifted, modulo 2³².
        var shift: UInt32 = 0

        @inline(__always)
        init(
            lines: UnsafeTypedBuffer<TableIndex, LineRecord>, count: Int, length: UInt32,
            result: UnsafeTypedBuffer<TableIndex, LineRecord>
        ) {
            self.lines = lines
            self.count = count
            self.length = length
            self.result = result
            head = unsafe lines[TableIndex(0)]
        }

        /// Advances to the next record.
        @inline(__always)
        private mutating func advance() {
            next += 1
            if next < count { head = unsafe lines[TableIndex(next)] }
        }

        /// Makes the records before an index final.
        @inline(__always)
        mutating func settle(before index: UInt32) {
            while next < count && head.insnOff < index {
                unsafe result[TableIndex(settled)] = LineRecord(insnOff: head.insnOff &+ shift, id: head.id)
                settled += 1
                advance()
            }
        }

        /// Rule 1: records after a patched index shift.
        @inline(__always)
        mutating func patch(_ off: UInt32, length newLength: UInt32) {
            settle(before: off + 1)
            shift &+= newLength &- 1
        }

        /// Rule 2: records in a deleted range are dropped; the last one moves to the next slot if that has none.
        @inline(__always)
        mutating func delete(from start: UInt32, to end: UInt32) {
            settle(before: start)
            if next < count && head.insnOff < end {
                var last = head
                while next < count && head.insnOff < end {
                    last = head
                    advance()
                }
                let hasOwn = next < count && head.insnOff == end
                if end < length && !hasOwn {
                    next -= 1
                    head = LineRecord(insnOff: end, id: last.id)
                }
            }
            shift &-= end &- start
        }
    }
}
