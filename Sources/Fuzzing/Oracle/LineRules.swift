import BPF
import Patching

/// The oracle's own line records: changed edit by edit, as the rules are written.
///
/// - Source: SEMANTICS, "What travels along", lines
enum LineRules {
    /// Changes the records of a program in place and says how many are left.
    ///
    /// - Complexity: O(edits × lines)
    static func apply(
        _ pass: PassImage, to lines: Row<TableIndex, LineRecord>, count: Int, insnCount: Int
    ) -> Int {
        if count == 0 { return 0 }
        var records = Records(lines: lines, count: count, length: insnCount)
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            // An append, always the last edit, shifts nothing.
            if Int(edit.off.rawValue) == insnCount { break }
            let off = Int(edit.off.rawValue) + records.length - insnCount
            if edit.patchCount == 0 {
                records.delete(from: off, to: off + Int(edit.remove))
            } else if edit.remove == 0 {
                records.patch(off, length: Int(edit.patchCount) + 1)
            } else {
                if edit.remove > 1 { records.delete(from: off + 1, to: off + Int(edit.remove)) }
                records.patch(off, length: Int(edit.patchCount))
            }
        }
        return records.count
    }

    /// The records after some edits.
    private struct Records {
        let lines: Row<TableIndex, LineRecord>
        var count: Int
        /// The length of the program at this moment.
        var length: Int

        /// The first record at or behind an index.
        private func first(from index: Int) -> Int {
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if Int(lines[TableIndex(middle)].insnOff) < index { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// Rule 1: records behind a patched index shift.
        mutating func patch(_ off: Int, length newLength: Int) {
            var number = first(from: off + 1)
            while number < count {
                lines[TableIndex(number)].insnOff += UInt32(newLength) &- 1
                number += 1
            }
            length += newLength - 1
        }

        /// Rule 2: records in a deleted range are dropped, but for the last when what follows has none.
        mutating func delete(from start: Int, to end: Int) {
            let low = first(from: start)
            var high = first(from: end)
            let hasOwn = high < count && Int(lines[TableIndex(high)].insnOff) == end
            if high > low && end < length && !hasOwn {
                high -= 1
                lines[TableIndex(high)].insnOff = UInt32(end)
            }
            var to = low
            while high < count {
                var record = lines[TableIndex(high)]
                record.insnOff -= UInt32(end - start)
                lines[TableIndex(to)] = record
                to += 1
                high += 1
            }
            count = to
            length -= end - start
        }
    }
}
