import BPF
import Patching

/// A search for the smallest case in a bucket, among all cases smaller than a known one.
package struct SmallestCase: Sendable {
    /// The smallest case that was found, or `nil` if all smaller cases are outside of the bucket.
    package private(set) var found: Case?
    /// The number of cases that were run.
    package private(set) var tried: UInt64 = 0
    /// True if the smallest case is known: a case was found, or every smaller one was run.
    package private(set) var isProven = false

    /// Runs the smaller cases of one pass, smallest first, until one is in the bucket.
    ///
    /// Smaller are the cases with fewer edits, or as many and fewer slots together, or as many and fewer of the program.
    /// They have no more slots together than the known case. A bucket with an edit has no case without edits, so these
    /// are left out.
    ///
    /// - Parameters:
    ///   - patchers: the patchers, which must not end the process
    ///   - size: the size of the known case
    ///   - limit: the largest number of smaller cases; if there are more, none is run
    ///   - running: a word for the number of the running patcher plus 1, or 0
    ///   - progress: called with the number of cases after every thousand
    package init(
        of patchers: [any Patcher], in bucket: String, below size: CaseSize, limit: UInt64,
        beyondContract: Bool = false, oracle: Oracle = .fast, running: UnsafeTypedBuffer<Slot, UInt64>? = nil,
        progress: (UInt64) -> Void = { _ in }
    ) {
        let slots = size.insns + size.patchInsns
        if slots > Self.mostSlots || size.edits > Self.mostEdits { return }
        let all = SmallCases(SmallCases.Bounds(slots: slots, edits: size.edits))
        let hasEdit = Bucket(bucket).map { $0.edit != "none" } ?? false
        let first = hasEdit ? all.casesBefore(edits: 1, slots: 0, programSlots: 0) : 0
        // A case of several passes is larger than any of one pass.
        let end =
            size.passes > 1
            ? all.count : all.casesBefore(edits: size.edits, slots: slots, programSlots: size.insns)
        if end < first || end - first > limit { return }
        var fuzzer = Fuzzer(
            seed: 0, small: all, patchers: patchers, beyondContract: beyondContract, oracle: oracle,
            describesFindings: false, progress: running)
        for number in first..<end {
            tried += 1
            if tried % 1024 == 0 { progress(tried) }
            if fuzzer.run(index: number) { continue }
            if fuzzer.findings.contains(where: { $0.bucket == bucket }) {
                found = fuzzer.makeCase(index: number)
                break
            }
        }
        // Smaller cases of two passes are not run.
        isProven = found != nil || size.passes == 1
    }

    /// The largest known case; above, there are too many smaller ones.
    private static let mostSlots = 5
    private static let mostEdits = 4
}
