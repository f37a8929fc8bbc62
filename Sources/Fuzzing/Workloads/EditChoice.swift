/// The choice among the edits that a workload finds.
struct EditChoice {
    /// The denominator of probabilities.
    static let whole = 65_536

    private let chance: Int
    private var draws: Draws

    /// Makes all edits.
    static let all = EditChoice(chance: whole, Draws(seed: 0, index: 0))

    /// Makes each edit with the same probability, `chance` out of ``whole``.
    init(chance: Int, _ draws: Draws) {
        self.chance = chance
        self.draws = draws
    }

    /// Returns true if the next edit is made.
    @inline(__always)
    mutating func takesNext() -> Bool { chance >= Self.whole || draws.chance(chance, of: Self.whole) }
}
