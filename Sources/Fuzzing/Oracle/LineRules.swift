import BPF
import Patching

/// The oracle's own line records: changed edit by edit, as the rules are written.
///
/// - Source: SEMANTICS, "What travels along", lines
enum LineRules {
    /// Writes the records of a program as a pass changes them to another row and says how many are left.
    ///
    /// - Parameters:
    ///   - length: the length of the program in slots
    ///   - result: room for as many records
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
                // All records that are left are behind the edit, where it can only shift them.
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
    /// The next edit is behind this one, so a record before an edit is as it will be, and all that are left have
    /// shifted by the same. Those still stand at their index in the input; what they have shifted by is kept once.
    private struct Records {
        let lines: UnsafeTypedBuffer<TableIndex, LineRecord>
        let count: Int
        /// The length of the program: an index in it is where a range ends, and so it is with both shifted.
        let length: UInt32
        let result: UnsafeTypedBuffer<TableIndex, LineRecord>
        /// How many records are as they will be.
        var settled = 0
        /// The number of the first record that an edit may still change.
        var next = 0
        /// That record, if there is one.
        var head: LineRecord
        /// What all records from `next` on have shifted by, modulo 2³².
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

        /// Goes on to the next record.
        @inline(__always)
        private mutating func advance() {
            next += 1
            if next < count { head = unsafe lines[TableIndex(next)] }
        }

        /// Leaves the records before an index where they are at this moment.
        @inline(__always)
        mutating func settle(before index: UInt32) {
            while next < count && head.insnOff < index {
                unsafe result[TableIndex(settled)] = LineRecord(insnOff: head.insnOff &+ shift, id: head.id)
                settled += 1
                advance()
            }
        }

        /// Rule 1: records behind a patched index shift.
        @inline(__always)
        mutating func patch(_ off: UInt32, length newLength: UInt32) {
            settle(before: off + 1)
            shift &+= newLength &- 1
        }

        /// Rule 2: records in a deleted range are dropped, but for the last when what follows has none.
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
