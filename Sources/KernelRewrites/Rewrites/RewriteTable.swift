import BPF
import Fuzzing
import KernelModel
import Patching

/// The values that an expansion holds in its chosen places, in the order of the row.
struct ChosenValues: BitwiseCopyable {
    private var numbers = SIMD4<Int64>()
    private var bound: UInt8 = 0
    /// The chosen argument register.
    var argument: UInt8 = 0

    subscript(number: Int) -> Int64 { numbers[number] }

    func isBound(_ number: Int) -> Bool { bound >> UInt8(number) & 1 != 0 }

    /// Binds a value; false if it has another one already.
    @inline(__always)
    mutating func bind(_ number: Int, _ value: Int64) -> Bool {
        if bound >> UInt8(number) & 1 != 0 { return numbers[number] == value }
        bound |= 1 << UInt8(number)
        numbers[number] = value
        return true
    }

    /// Sets the upper half of a wide constant.
    @inline(__always)
    mutating func setUpper(_ number: Int, _ upper: Int32) {
        numbers[number] = numbers[number] & 0xffff_ffff | Int64(upper) << 32
    }
}

/// All rows, parsed once, for comparisons without text.
///
/// - Shape: rows ordered by the code of their instruction, with a group for each other place; slots of all rows in a row
package struct RewriteTable: ~Copyable {
    package static let shared = RewriteTable()

    /// A parsed row.
    struct Entry: BitwiseCopyable {
        /// The index of the row in ``RewriteTable/rows``.
        var row: UInt8
        var rewrite: Rewrite
        /// The instruction and its compared bits.
        var bits: UInt64
        var mask: UInt64
        /// The bits of a number that must not be 0.
        var nonzero: UInt64
        var isKernelFunction: Bool
        var firstSlot: Int32
        var count: Int32
        /// The slots of the instruction itself, and of the jump or call with a target of its own; -1 for none.
        var keep: Int8
        var from: Int8
    }

    /// The rows in the order of the entries.
    package let rows: [RewriteRow]
    /// The chosen values of each row, in the order of ``ChosenValues``.
    package let values: [[ChosenValue]]
    private var entryStorage = Scratch<Entry>()
    private var slotStorage = Scratch<ExpansionSlot>()
    private var groupStorage = Scratch<Int32>(capacity: 256 + RewriteRow.Place.allCases.count + 1)
    /// The row of a call of each kernel function that has one of its own, and the row of all others.
    private let functionRows: [String: UInt8]
    private let otherFunction: UInt8

    private init() {
        let parsed = RewriteRow.all.map(Parsed.init).enumerated()
            .sorted { ($0.element.group, $0.offset) < ($1.element.group, $1.offset) }.map(\.element)
        rows = parsed.map(\.row)
        values = parsed.map(\.values)
        var functionRows: [String: UInt8] = [:]
        var otherFunction: UInt8 = 0
        for (number, row) in rows.enumerated() {
            for name in row.functions ?? [] { functionRows[name] = UInt8(number) }
            if row.functions == [] { otherFunction = UInt8(number) }
        }
        self.functionRows = functionRows
        self.otherFunction = otherFunction
        entryStorage.reserve(parsed.count)
        slotStorage.reserve(parsed.reduce(0) { $0 + $1.slots.count })
        let groups = groupStorage.buffer(as: Slot.self)
        for group in 0..<groups.capacity {
            unsafe groups[Slot(group)] = Int32(parsed.firstIndex { $0.group >= group } ?? parsed.count)
        }
        var slot = 0
        for (number, row) in parsed.enumerated() {
            unsafe entryStorage.buffer(as: Slot.self)[Slot(number)] = row.entry(number: number, firstSlot: slot)
            for parsed in row.slots {
                unsafe slotStorage.buffer(as: Slot.self)[Slot(slot)] = parsed
                slot += 1
            }
        }
    }

    /// What loops read.
    var view: View {
        View(entries: entryStorage.buffer(), slots: slotStorage.buffer(), groups: groupStorage.buffer())
    }

    /// The row for calls of a kernel function.
    func row(ofFunction name: String) -> UInt8 { functionRows[name] ?? otherFunction }

    /// The table in Markdown, as the article has it.
    package var markdown: String {
        let lines = rows.map { row in
            let insn = row.insn.isEmpty ? "" : "`\(row.insn)`"
            let text = row.expansion.split(separator: "\n").map { $0.trimmingBlanks() }.joined(separator: "; ")
            return "| \(row.rewrite.rawValue) | \(insn) | `\(text)` | \(row.releases) | \(row.source) |"
        }
        return (["| rewrite | instruction | expansion | releases | function |", "|---|---|---|---|---|"] + lines)
            .joined(separator: "\n")
    }
}

// Nothing is written to a table once it is filled.
extension RewriteTable: @unchecked Sendable {}

extension StringProtocol {
    /// The text without blanks around it.
    fileprivate func trimmingBlanks() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension RewriteTable {
    /// A row after parsing.
    private struct Parsed {
        var row: RewriteRow
        var pattern = ExpansionSlot()
        var slots: [ExpansionSlot] = []
        var values: [ChosenValue] = []

        init(_ row: RewriteRow) {
            self.row = row
            do {
                if !row.insn.isEmpty { pattern = try ExpansionSlot.parse(row.insn, &values)[0] }
                slots = try ExpansionSlot.parse(row.expansion, &values)
            } catch {
                preconditionFailure("\(row.insn): \(error)")
            }
            precondition(values.count <= 4, "more than four chosen values in the row of \(row.insn)")
            if pattern.isNumberInOff {
                for number in slots.indices where slots[number].number == .imm { slots[number].number = .off }
            }
        }

        var group: Int { row.place == .instruction ? Int(pattern.bits & 0xff) : 255 + row.place.rawValue }

        private var numberBits: UInt64 { pattern.isNumberInOff ? 0xffff_0000 : 0xffff_ffff_0000_0000 }

        func entry(number: Int, firstSlot: Int) -> Entry {
            var mask = pattern.mask
            if pattern.dst != .fixed { mask &= ~0x0f00 }
            if pattern.src != .fixed { mask &= ~0xf000 }
            if pattern.number != .fixed { mask &= ~numberBits }
            if pattern.role == .target { mask &= ~0xffff_0000 }
            return Entry(
                row: UInt8(number), rewrite: row.rewrite, bits: pattern.bits & mask, mask: mask,
                nonzero: row.insn.contains("NONZERO") ? numberBits : 0, isKernelFunction: row.functions != nil,
                firstSlot: Int32(firstSlot), count: Int32(slots.count),
                keep: Int8(slots.firstIndex { $0.role == .keep } ?? -1),
                from: Int8(slots.firstIndex { $0.role == .target || $0.role == .callback } ?? -1))
        }
    }
}
