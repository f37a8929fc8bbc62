import Fuzzing

/// The counters of a campaign or of one of its blocks.
package struct CampaignCounts: Codable, Hashable, Sendable {
    /// The cases that were run with no target, since all targets were left out.
    var notRun: UInt64 = 0
    /// The counters of each target, by its index in ``FuzzTarget/targets``; empty if all are 0.
    private var targets: [TargetCounts] = []
    /// The counters of a campaign against a kernel.
    var kernel = KernelCounts()
    /// See ``digests``; `nil` for random cases, and in states of earlier versions.
    private var partDigests: [UInt64]?
    /// See ``refused``; `nil` if it is 0, and in states of earlier versions.
    private var refusedCases: UInt64?
    /// See ``coverage``; `nil` if nothing is counted, and in states of earlier versions.
    private var coverageCounts: [UInt64]?

    /// - Parameter targets: the counters of each target, by index
    init(_ targets: [TargetCounts] = []) { self.targets = targets }

    /// The counters of a target.
    subscript(target: Int) -> TargetCounts {
        get { targets.indices.contains(target) ? targets[target] : TargetCounts() }
        set {
            while targets.count <= target { targets.append(TargetCounts()) }
            targets[target] = newValue
        }
    }

    /// The cases of patchers in which the rules refuse a pass. A kernel's refusals are in ``kernel``.
    var refused: UInt64 {
        get { refusedCases ?? 0 }
        set { refusedCases = newValue == 0 ? nil : newValue }
    }

    static func += (left: inout CampaignCounts, right: CampaignCounts) {
        left.notRun += right.notRun
        left.refused += right.refused
        for (target, counts) in right.targets.enumerated() { left[target] += counts }
        left.kernel += right.kernel
        for (part, digest) in right.digests.enumerated() { left.add(digest: digest, ofPart: part) }
        left.addCoverage(right.coverage)
    }

    /// The number of passes that tested each situation, in the order of `CoverageCell.all`; empty if nothing is counted.
    var coverage: [UInt64] { coverageCounts ?? [] }

    /// Adds counts of coverage, without those of an earlier time.
    mutating func addCoverage(_ counts: [UInt64], since before: [UInt64] = []) {
        if counts.isEmpty { return }
        var sums = coverageCounts ?? Array(repeating: 0, count: counts.count)
        for (cell, count) in counts.enumerated() where cell < sums.count {
            sums[cell] += count - (cell < before.count ? before[cell] : 0)
        }
        coverageCounts = sums
    }

    /// The number of parts that have a digest.
    static let partCount: UInt64 = 64

    /// The part of an exhaustive campaign that a case belongs to: I - 1 for the shard I/64.
    static func part(of index: UInt64) -> Int { Int(index / Shard.blockSize % partCount) }

    /// The digests of the results of an exhaustive campaign, one for each shard I/64; empty for random cases.
    var digests: [UInt64] { partDigests ?? [] }

    /// Adds the digest of some cases of a part.
    mutating func add(digest: UInt64, ofPart part: Int) {
        if digest == 0 { return }
        var all = partDigests ?? Array(repeating: 0, count: Int(Self.partCount))
        all[part] &+= digest
        partDigests = all
    }

    /// Sixteen hexadecimal digits.
    static func hexadecimal(_ digest: UInt64) -> String {
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The same counters for other targets, of which some may be missing here.
    ///
    /// - Complexity: O(targets squared)
    func renumbered(from old: [String], to new: [String]) -> CampaignCounts {
        var other = self
        other.targets = new.map { name in old.firstIndex(of: name).map { self[$0] } ?? TargetCounts() }
        return other
    }

    /// All numbers, for a check of their size.
    var numbers: [UInt64] { [notRun, refused] + targets.flatMap(\.numbers) + kernel.numbers + coverage }
}

/// The counters of one target.
struct TargetCounts: Codable, Hashable, Sendable {
    /// The cases in which it ran at least one pass.
    var ran: UInt64 = 0
    /// The cases in which it skipped a pass that it does not support.
    var skipped: UInt64 = 0
    /// The cases in which it hung.
    var hangs: UInt64 = 0
    /// The cases in which it ran out of memory.
    var memory: UInt64 = 0
    /// The cases in which it crashed.
    var crashes: UInt64 = 0
    /// The cases that it was left out of, since it hangs, crashes or runs out of memory too often.
    var leftOut: UInt64 = 0
    /// The blocks that it was left out of for that reason.
    var leftOutBlocks: UInt64 = 0

    /// The number of times that it ended a process.
    var deaths: UInt64 { hangs + memory + crashes }
    /// True if it never ended a process.
    var isCalm: Bool { deaths == 0 }

    private static let fields: [WritableKeyPath<TargetCounts, UInt64> & Sendable] = [
        \.ran, \.skipped, \.hangs, \.memory, \.crashes, \.leftOut, \.leftOutBlocks,
    ]

    static func += (left: inout TargetCounts, right: TargetCounts) {
        for field in fields { left[keyPath: field] += right[keyPath: field] }
    }
}

extension TargetCounts {
    /// All numbers, in the order of declaration.
    var numbers: [UInt64] { Self.fields.map { self[keyPath: $0] } }

    /// Reads ``numbers``; `nil` if there are more or fewer.
    init?(_ numbers: [UInt64]) {
        self.init()
        if numbers.count != Self.fields.count { return nil }
        for (field, number) in zip(Self.fields, numbers) { self[keyPath: field] = number }
    }
}

extension CampaignCounts {
    /// The lines of a worker's report: one for each target that has a counter, and one for a kernel.
    var text: String {
        var text = notRun == 0 ? "" : "not-run\t\(notRun)\t\n"
        if refused != 0 { text += "refused\t\(refused)\t\n" }
        for (target, counts) in targets.enumerated() where counts != TargetCounts() {
            text += "target\t\(target)\t\(counts.numbers.map(String.init).joined(separator: " "))\n"
        }
        for (part, digest) in digests.enumerated() where digest != 0 { text += "digest\t\(part)\t\(digest)\n" }
        if coverage.contains(where: { $0 > 0 }) {
            let cells = coverage.enumerated().filter { $0.element > 0 }.map { "\($0.offset):\($0.element)" }
            text += "coverage\t\(coverage.count)\t\(cells.joined(separator: " "))\n"
        }
        if kernel != KernelCounts() { text += "kernel\t0\t\(kernel.line)\n" }
        return text
    }

    /// Reads a line of ``text``.
    ///
    /// - Returns: false if it is another line
    mutating func read(_ words: [Substring]) -> Bool {
        guard words.count == 3, let number = UInt64(words[1]) else { return false }
        switch words[0] {
        case "not-run": notRun = number
        case "refused": refused = number
        case "target":
            guard number < 64, let counts = TargetCounts(words[2].split(separator: " ").compactMap { UInt64($0) })
            else { return false }
            self[Int(number)] = counts
        case "digest":
            guard number < Self.partCount, let digest = UInt64(words[2]) else { return false }
            add(digest: digest, ofPart: Int(number))
        case "coverage":
            var cells = [UInt64](repeating: 0, count: CoverageCell.all.count)
            if number != cells.count { return false }
            for word in words[2].split(separator: " ") {
                let parts = word.split(separator: ":").compactMap { UInt64($0) }
                guard parts.count == 2, parts[0] < number else { return false }
                cells[Int(parts[0])] = parts[1]
            }
            addCoverage(cells)
        case "kernel":
            guard let counts = KernelCounts(line: words[2]) else { return false }
            kernel = counts
        default: return false
        }
        return true
    }
}
