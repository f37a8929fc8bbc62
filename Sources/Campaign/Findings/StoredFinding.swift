import Foundation
import Fuzzing

/// A finding of a campaign with its case on disk.
///
/// - Units: `insns` and `patchInsns` in slots of the minimized case
package struct StoredFinding: Codable, Sendable, Hashable {
    package var bucket: String
    package var target: String
    package var rule: String
    /// The fault, in one sentence without numbers.
    package var sentence: String
    /// The expected and the actual value in the minimized case, if known.
    package var detail: String?
    /// The file of the case.
    package var file: String
    /// The lowest index of the campaign that hit the bucket.
    package var index: UInt64
    /// The lowest index for each seed of merged states, else `nil`.
    package var firsts: [FirstHit]?
    /// The number of hits; 0 for a bucket that was hit only while another was minimized.
    package var hits: UInt64
    package var passes: Int
    package var edits: Int
    package var insns: Int
    package var patchInsns: Int
    /// The number of cases that are smaller, if all of them were run and none is in the bucket; else `nil`.
    package var smallerCases: UInt64?
    /// The seed of the earlier campaign that wrote the file, or `nil`.
    package var earlierSeed: UInt64?
    /// The buckets into which its case slides, possibly none; `nil` if unknown.
    package var leadsTo: [String]?
    /// True if it is in the list of known buckets; `nil` outside of campaigns.
    package var isKnown: Bool?
    /// False if the case was not minimized for lack of time; else `nil`.
    package var isMinimized: Bool?
    /// False if its block was not completed, so that its hits are not counted; else `nil`.
    package var isCounted: Bool?

    /// True if the kernel's code is not understood, and so neither right nor wrong.
    var isUnexplained: Bool { rule == BrokenRule.notUnderstood.rawValue }

    /// The size of the case; compared lexicographically.
    var caseSize: [Int] { [passes, edits, insns + patchInsns, insns] }

    /// The size of the case, in words.
    ///
    /// For a kernel case these are only the slots: its passes are known in some cases only.
    package var size: String {
        let slots = CountText.of(insns, "slot")
        if target == Finding.kernelTarget { return slots }
        return CountText.of(passes, "pass", plural: "passes") + ", " + CountText.of(edits, "edit") + ", "
            + slots + (smallerCases.map { ", proven smallest by \(CountText.of($0, "smaller case"))" } ?? "")
    }

    enum CodingKeys: String, CodingKey {
        case bucket, target, rule, sentence, detail, file, index, firsts, passes, edits, insns
        case smallerCases = "smaller_cases"
        case hits = "sightings"
        case patchInsns = "patch_insns"
        case earlierSeed = "earlier_seed"
        case leadsTo = "leads_to"
        case isKnown = "known"
        case isMinimized = "minimized"
        case isCounted = "counted"
    }

    /// Describes a case that was found in the campaign of a seed or in an earlier one.
    package init(_ c: Case, bucket: String, file: String, seed: UInt64, index: UInt64, hits: UInt64) {
        let size = CaseSize(c)
        self.bucket = bucket
        target = Bucket.target(of: bucket)
        rule = Bucket.rule(of: bucket)?.rawValue ?? ""
        sentence = c.sentence ?? Bucket.sentence(of: bucket)
        detail = c.detail
        self.file = file
        self.index = index
        self.hits = hits
        passes = size.passes
        edits = size.edits
        insns = size.insns
        patchInsns = size.patchInsns
        earlierSeed = c.origin.flatMap { $0.seed == seed ? nil : $0.seed }
    }
}
