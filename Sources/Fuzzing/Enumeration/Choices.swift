/// Hands out all sequences of choices, one sequence after the other.
///
/// A generator asks for its choices with ``below(_:)``. The first sequence is all zeros; ``next()`` goes to the sequence
/// that differs from it in the last choice that can grow. How many choices there are, and how large each may be, may
/// depend on the choices before. So each value of the generator is made exactly once, without a list of them.
///
/// - Source: the idea of TigerBeetle's `exhaustigen.zig`, after Matklad, "Generate All the Things"
package struct Choices {
    private var values: [Int] = []
    private var bounds: [Int] = []
    /// How many choices of the sequence have been handed out.
    private var position = 0

    package init() {}

    /// The next choice: a number from 0 up to, not including, `bound`.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a choice among nothing")
        if position == values.count {
            values.append(0)
            bounds.append(bound)
        }
        precondition(bounds[position] == bound, "a bound that depends on something else than the choices before")
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
