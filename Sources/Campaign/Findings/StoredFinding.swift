import Foundation
import Fuzzing

/// A finding of a campaign, minimized and on disk.
///
/// - Units: `insns` and `patchInsns` in slots of the minimized case
package struct StoredFinding: Codable, Sendable, Hashable {
    package var bucket: String
    package var target: String
    package var rule: String
    /// What is wrong, in one sentence without numbers.
    package var sentence: String
    /// What was expected and what was found in the minimized case, with numbers, where that is known.
    package var detail: String?
    /// Where the minimized case is.
    package var file: String
    /// The lowest index of the campaign at which the bucket was seen.
    package var index: UInt64
    /// The same for each seed, where states of several campaigns were merged.
    package var firsts: [FirstHit]?
    /// How often it was seen; 0 for a bucket met only while another was minimized.
    package var hits: UInt64
    package var passes: Int
    package var edits: Int
    package var insns: Int
    package var patchInsns: Int
    /// The seed of the earlier campaign that the file is from, which is as small and still fails, or `nil`.
    package var earlierSeed: UInt64?
    /// The buckets into which its case slides, none where it slides nowhere; `nil` where that is not known.
    package var leadsTo: [String]?
    /// Whether it is in the list of those that do not count; `nil` outside of campaigns.
    package var isKnown: Bool?
    /// False for one that is on disk as it was seen, since there was no time to minimize it; else `nil`.
    package var isMinimized: Bool?
    /// False for one of a block that was not completed, so that its hits are not counted; else `nil`.
    package var isCounted: Bool?

    /// How large the case is, as numbers that are compared in order.
    var caseSize: [Int] { [passes, edits, insns + patchInsns, insns] }

    /// How large the case is, in words.
    ///
    /// What a kernel did is known of some cases alone, and is not what makes them large.
    package var size: String {
        let slots = CountText.of(insns, "slot")
        if target == Finding.kernelTarget { return slots }
        return CountText.of(passes, "pass", plural: "passes") + ", " + CountText.of(edits, "edit") + ", "
            + slots
    }

    enum CodingKeys: String, CodingKey {
        case bucket, target, rule, sentence, detail, file, index, firsts, passes, edits, insns
        case hits = "sightings"
        case patchInsns = "patch_insns"
        case earlierSeed = "earlier_seed"
        case leadsTo = "leads_to"
        case isKnown = "known"
        case isMinimized = "minimized"
        case isCounted = "counted"
    }

    /// Describes a minimized case, found in a campaign with the given seed or in one before it.
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
