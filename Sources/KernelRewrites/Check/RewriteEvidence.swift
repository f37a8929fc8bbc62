import Fuzzing

/// What shows a finding in the program that was read back, and what must be in its place.
package struct RewriteEvidence: Sendable, Hashable {
    /// The part that is wrong, in the slots of what was read back and as it was read back.
    package var seen: Case.Loading.Observed
    /// What must be there instead, in the same form; `nil` where the rules do not say, or say the same.
    package var must: Case.Loading.Observed?

    package init(seen: Case.Loading.Observed, must: Case.Loading.Observed?) {
        self.seen = seen
        self.must = must
    }
}
