import Fuzzing

/// The bounds of an exhaustive campaign, which runs every small case instead of random ones.
package struct ExhaustiveBounds: Codable, Hashable, Sendable {
    /// The slots of the program and of all patches together.
    ///
    /// - Units: slots
    package var slots: Int
    package var edits: Int

    package init(slots: Int, edits: Int) {
        self.slots = slots
        self.edits = edits
    }

    /// The bounds for which cases can be numbered.
    package static let mostSlots = 6
    package static let mostEdits = 4

    /// All cases within the bounds.
    ///
    /// - Complexity: O(skeletons log skeletons), up to seconds for the largest bounds
    package var cases: SmallCases { SmallCases(SmallCases.Bounds(slots: slots, edits: edits)) }

    /// The bounds in words, after "every case".
    package var text: String {
        "with at most \(CountText.of(slots, "slot")) of program and patches together, and at most "
            + CountText.of(edits, "edit")
    }
}
