import BPF

/// Which slot of an actual result stands for which slot of the expected one.
///
/// Instructions are told apart by everything but their offsets.
struct SlotAlignment {
    /// Side by side: an expected slot, an actual slot, or both.
    private(set) var pairs: [(expected: Int?, actual: Int?)] = []
    private(set) var actualOfExpected: [Int: Int] = [:]

    /// The longest stretch that is aligned by search; a longer one is aligned by index.
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
            // What is gone and what has come in its place stand side by side.
            let isGone = removed.contains(one)
            let isNew = inserted.contains(two)
            if isGone || isNew {
                pairs.append((isGone ? one : nil, isNew ? two : nil))
            } else {
                pairs.append((one, two))
            }
            if isGone == isNew || isGone { one += 1 }
            if isGone == isNew || isNew { two += 1 }
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
