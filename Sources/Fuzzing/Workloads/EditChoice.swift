/// Which of the edits that a workload finds are made.
struct EditChoice {
    /// Out of 65,536.
    private let chance: Int
    private var entropy: Entropy

    /// All of them.
    static let all = EditChoice(chance: 65536, Entropy(seed: 0, index: 0))

    /// Each with the same chance, out of 65,536.
    init(chance: Int, _ entropy: Entropy) {
        self.chance = chance
        self.entropy = entropy
    }

    /// Whether the next edit is made.
    @inline(__always)
    mutating func takesNext() -> Bool { chance >= 65536 || entropy.below(65536) < chance }
}
