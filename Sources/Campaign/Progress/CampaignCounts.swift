/// The counters of a campaign or of one of its blocks.
package struct CampaignCounts: Codable, Hashable, Sendable {
    /// The cases that were run with no target, since all targets were left out.
    var notRun: UInt64 = 0
    /// The counters of each target, by its index in ``FuzzTarget/targets``; empty if all are 0.
    private var targets: [TargetCounts] = []
    /// The counters of a campaign against a kernel.
    var kernel = KernelCounts()

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

    static func += (left: inout CampaignCounts, right: CampaignCounts) {
        left.notRun += right.notRun
        for (target, counts) in right.targets.enumerated() { left[target] += counts }
        left.kernel += right.kernel
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
    var numbers: [UInt64] { [notRun] + targets.flatMap(\.numbers) + kernel.numbers }
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
        for (target, counts) in targets.enumerated() where counts != TargetCounts() {
            text += "target\t\(target)\t\(counts.numbers.map(String.init).joined(separator: " "))\n"
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
        case "target":
            guard number < 64, let counts = TargetCounts(words[2].split(separator: " ").compactMap { UInt64($0) })
            else { return false }
            self[Int(number)] = counts
        case "kernel":
            guard let counts = KernelCounts(line: words[2]) else { return false }
            kernel = counts
        default: return false
        }
        return true
    }
}
