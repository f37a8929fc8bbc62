/// Which of the edits that a workload finds are made.
struct EditChoice {
    /// Chances are numbers out of so many.
    static let whole = 65_536

    private let chance: Int
    private var draws: Draws

    /// All of them.
    static let all = EditChoice(chance: whole, Draws(seed: 0, index: 0))

    /// Each with the same chance, out of ``whole``.
    init(chance: Int, _ draws: Draws) {
        self.chance = chance
        self.draws = draws
    }

    /// Whether the next edit is made.
    @inline(__always)
    mutating func takesNext() -> Bool { chance >= Self.whole || draws.chance(chance, of: Self.whole) }
}
