/// Enumerates all sequences of choices.
///
/// A generator takes its choices from ``below(_:)``. The first sequence is all zeros; ``next()`` increments the last
/// choice that can grow and drops the ones after it. The number of choices and their bounds may depend on earlier
/// choices. So each value of the generator is made exactly once, without a list of all.
///
/// - Source: the idea of TigerBeetle's `exhaustigen.zig`, after Matklad, "Generate All the Things"
package struct Choices {
    private var values: [Int] = []
    private var bounds: [Int] = []
    /// The number of choices of the sequence that have been taken.
    private var position = 0

    package init() {}

    /// The next choice: a number from 0 to `bound - 1`.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a choice without alternatives")
        if position == values.count {
            values.append(0)
            bounds.append(bound)
        }
        precondition(bounds[position] == bound, "a bound may depend on earlier choices only")
        defer { position += 1 }
        return values[position]
    }

    /// A choice between two.
    package mutating func coin() -> Bool { below(2) == 1 }

    /// Goes to the next sequence; returns false after the last.
    package mutating func next() -> Bool {
        position = 0
        while let last = values.last, let bound = bounds.last {
            if last + 1 < bound {
                values[values.count - 1] += 1
                return true
            }
            values.removeLast()
            bounds.removeLast()
        }
        return false
    }
}
