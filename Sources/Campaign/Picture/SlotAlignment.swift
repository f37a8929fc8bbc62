import BPF

/// The correspondence of slots in an actual result and the expected one.
///
/// Instructions are compared without their jump offsets.
struct SlotAlignment {
    /// The rows: an expected slot, an actual slot, or both.
    private(set) var pairs: [(expected: Int?, actual: Int?)] = []
    private(set) var actualOfExpected: [Int: Int] = [:]

    /// The longest range that is aligned by a diff; a longer one is aligned by index.
    private static let limit = 400

    /// - Complexity: O(slots), and O(n²) for the n slots between the first and the last difference, while n is small
    init(expected: [Instruction], actual: [Instruction]) {
        let shorter = min(expected.count, actual.count)
        func isSame(_ one: Instruction, _ other: Instruction) -> Bool { one.withoutJump == other.withoutJump }
        var head = 0
        while head < shorter && isSame(expected[head], actual[head]) { head += 1 }
        var tail = 0
        while tail < shorter - head && isSame(expected[expected.count - 1 - tail], actual[actual.count - 1 - tail]) {
            tail += 1
        }
        for slot in 0..<head { pairs.append((slot, slot)) }
        align(expected, head..<expected.count - tail, actual, head..<actual.count - tail)
        for slot in 0..<tail { pairs.append((expected.count - tail + slot, actual.count - tail + slot)) }
        for case (let expected?, let actual?) in pairs { actualOfExpected[expected] = actual }
    }

    private mutating func align(
        _ expected: [Instruction], _ range: Range<Int>, _ actual: [Instruction], _ other: Range<Int>
    ) {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        if max(range.count, other.count) <= Self.limit {
            let difference = actual[other].map(\.withoutJump).difference(from: expected[range].map(\.withoutJump))
            for case .remove(let offset, _, _) in difference { removed.insert(range.lowerBound + offset) }
            for case .insert(let offset, _, _) in difference { inserted.insert(other.lowerBound + offset) }
        } else {
            (removed, inserted) = (Set(range), Set(other))
        }
        var one = range.lowerBound
        var two = other.lowerBound
        while one < range.upperBound || two < other.upperBound {
            // A missing slot and the slot that replaces it share a row.
            let isMissing = removed.contains(one)
            let isNew = inserted.contains(two)
            if isMissing || isNew {
                pairs.append((isMissing ? one : nil, isNew ? two : nil))
            } else {
                pairs.append((one, two))
            }
            if isMissing == isNew || isMissing { one += 1 }
            if isMissing == isNew || isNew { two += 1 }
        }
    }
}

extension Instruction {
    /// The same instruction with 0 for its offset.
    var withoutJump: Instruction {
        var copy = self
        _ = copy.setJumpOffset(0, jumpKind)
        return copy
    }
}
