import Foundation
import KernelModel
import KernelRewrites

/// The state of a campaign on disk: everything that is needed to resume it as if it had never stopped.
package struct Checkpoint: Codable, Sendable, Equatable {
    /// A campaign of the state: the only one, or one of several merged ones.
    package struct Part: Codable, Sendable, Equatable, Hashable {
        package var configuration: CampaignConfiguration
        /// The number of cases that were run.
        package var cases: UInt64
        /// The counters of those cases.
        var counts = CampaignCounts()
        /// - Units: seconds
        package var seconds: Double
        /// True if its limit was reached.
        package var isFinished: Bool
        /// The files that its cases and verdicts depend on.
        var files: [UsedFile] = []

        enum CodingKeys: String, CodingKey {
            case configuration, cases, counts, seconds, files
            case isFinished = "finished"
        }

        /// The target names of findings.
        var targets: [String] { configuration.target.properties.targets }
        /// The kernel under test, or `nil`.
        package var kernel: KernelFacts? { configuration.target.kernel?.facts }
    }

    /// A bucket.
    struct Entry: Codable, Sendable, Equatable {
        var bucket: String
        /// The lowest index of each seed at which it was hit.
        var firsts: [FirstHit]
        var hits: UInt64
        /// True if its minimized case is on disk.
        var isStored: Bool
        /// The buckets into which its case slides; `nil` if unknown.
        var leadsTo: [String]?
    }

    /// A bucket that was hit only while another was minimized.
    struct CollateralFinding: Codable, Sendable, Equatable {
        var bucket: String
        /// The index of the case that led there.
        var index: UInt64
        /// The case that hit it.
        var text: String
        /// True if its minimized case is on disk.
        var isStored: Bool
        /// The buckets into which its case slides; `nil` if unknown.
        var leadsTo: [String]?
    }

    /// The last block if the limit cut it short: it is run again as a whole when the limit is raised.
    struct Tail: Codable, Sendable, Equatable {
        var block: UInt64
        var cases: UInt64
        var hits: [BucketHit]
        /// The counters of all blocks before it.
        var countsBefore: CampaignCounts
    }

    /// One campaign, which can be resumed, or the merged ones.
    package var parts: [Part]
    /// True for merged states, which cannot be resumed.
    package var isMerged = false
    /// The path of the list of known buckets, or `nil`.
    package var known: String?
    /// The bpf-patch-fuzz that wrote this: ``Version/text``.
    var version: String?
    /// A bucket of each group that `--on-finding` was run for, and the buckets that need no run.
    var reported: [String]?
    /// The size and time of the executable that wrote this.
    var program = ""
    /// The first block that is not done.
    var next: UInt64 = 0
    /// The targets of the next blocks.
    var epoch = Epoch()
    var tail: Tail?
    var entries: [Entry] = []
    var collateral: [CollateralFinding] = []
    /// The hits in blocks that are not counted yet.
    var early: [EarlyHit] = []
    var times: Times

    enum CodingKeys: String, CodingKey {
        case parts, isMerged, known, version, reported, program, next, epoch, tail, entries, early, times
        case collateral = "strays"
    }

    /// The times of events.
    ///
    /// - Units: seconds since 1970; 0 if it has not happened
    struct Times: Codable, Sendable, Equatable {
        var start = 0
        var lastFind = 0
        var lastCrash = 0
        var lastHang = 0
    }

    /// The number of cases that were run.
    package var cases: UInt64 { parts.reduce(0) { $0 + $1.cases } }
    /// The run time.
    ///
    /// - Units: seconds
    package var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
}

extension Checkpoint.Part {
    /// The fields of a configuration that determine the cases and their verdicts. Two ranges of one campaign are equal.
    struct Command: Hashable {
        var target: CampaignTarget
        var seed: UInt64
    }

    var command: Command { Command(target: configuration.target, seed: configuration.cases.seed) }

    /// The same on any machine: paths are replaced by content hashes.
    struct Identity: Hashable {
        var command: Command
        /// The content hashes of the objects: a folder of objects equals the same objects named one by one.
        var objects: [String]
    }

    /// - Complexity: O(files)
    var identity: Identity {
        var command = command
        guard case .patchers(var target) = command.target else { return Identity(command: command, objects: []) }
        let contents = Dictionary(files.map { ($0.path, $0.content) }, uniquingKeysWith: { one, _ in one })
        let objects = files.filter { !target.plugins.contains($0.path) }.map(\.content)
        target.objects = []
        target.patchers = target.patchers.map { $0.moved { contents[$0] ?? $0 } }
        command.target = .patchers(target)
        return Identity(command: command, objects: objects)
    }
}

extension Checkpoint.Part {
    /// Checks that a campaign resumes on the kernel that it began on.
    ///
    /// - Parameters:
    ///   - now: the running kernel
    ///   - restart: the option that replaces a campaign
    /// - Throws: ``CampaignError`` that names the first difference
    func checkKernel(_ now: [String], state: String, restart: String) throws(CampaignError) {
        let before = configuration.target.properties.kernel
        let advice = "; resume it there, or start a new campaign with \(restart)"
        if before.first != now.first {
            throw CampaignError(
                "the campaign in \(state) is of kernel \(before.first ?? "none"), and this is \(now.first ?? "none")\(advice)"
            )
        }
        if let lost = before.first(where: { !now.contains($0) }) {
            throw CampaignError("the kernel had \(lost) when the campaign in \(state) began, and has not now\(advice)")
        }
        if let new = now.first(where: { !before.contains($0) }) {
            throw CampaignError("the kernel has \(new), and had not when the campaign in \(state) began\(advice)")
        }
    }
}

extension Checkpoint {
    /// The number of missing shards that are named one by one.
    private static let mostNamed = 10

    /// The missing shards of the campaigns of the parts, as in `shard 3/3`.
    ///
    /// - Complexity: O(parts)
    var missingShards: [String] {
        var order: [Part.Identity] = []
        var campaigns: [Part.Identity: [Part]] = [:]
        for part in parts {
            if campaigns[part.identity] == nil { order.append(part.identity) }
            campaigns[part.identity, default: []].append(part)
        }
        return order.flatMap { campaign in
            let found = campaigns[campaign] ?? []
            let count = found[0].configuration.cases.shard.count
            let rest = order.count == 1 ? "" : " of seed \(found[0].configuration.cases.seed)"
            let numbers = Set(found.map(\.configuration.cases.shard.number))
            let missing = count - UInt64(numbers.count)
            if missing > UInt64(Self.mostNamed) { return ["\(missing) shards of \(count)\(rest)"] }
            return (1...count).filter { !numbers.contains($0) }.map { "shard \($0)/\(count)\(rest)" }
        }
    }

    /// The parts that did not reach their limit or that of another shard of their campaign, each in words.
    ///
    /// A shard that had only a time limit is compared with the number of cases of the others.
    ///
    /// - Complexity: O(parts)
    var unfinishedParts: [String] {
        let campaigns = Dictionary(grouping: parts, by: \.identity)
        let limits = campaigns.mapValues { $0.compactMap(\.configuration.cases.limit).max() }
        return parts.compactMap { part in
            let cases = part.configuration.cases
            let limit = limits[part.identity] ?? nil
            let isFull = limit.map { part.cases >= cases.shard.count(below: $0) } ?? true
            if part.isFinished && (cases.limit == limit || isFull) { return nil }
            let name = cases.shard == .whole ? "the campaign" : "shard \(cases.shard)"
            let rest = campaigns.count == 1 ? "" : " of seed \(cases.seed)"
            let whole = limit.map { " of \(CountText.grouped(cases.shard.count(below: $0)))" } ?? ""
            return "\(name)\(rest) is not finished: \(CountText.grouped(part.cases))\(whole) cases were run"
        }
    }
}

extension Checkpoint {
    /// The version of the file format and of the meaning of seeds. It changes if an older program would misread the
    /// file, or if a seed and index mean another case. A state of another format is refused.
    ///
    /// Format 4 has named draws, so seeds mean other cases; 5 a configuration in place of a command line; 6 typed
    /// counters; 7 cases with indices past 8, 10 and 16 bits, objects that are read without libbpf, and more kinds of
    /// programs for a kernel; 8 one more workload, so that the others of `--workload all` have other indices; 9
    /// calls of `bpf_loop` in the workload `kernel-passes`.
    static let format = 9

    private static let title = "bpf-patch-fuzz checkpoint "
    private static let seal = "fnv1a64 "

    /// The reason why a file is not a checkpoint.
    enum Fault: Error, Equatable {
        /// It has an unknown format.
        case format(String)
        /// It was cut off or changed.
        case damage
    }

    /// Three lines: a title with the format, JSON, and the fingerprint of both.
    ///
    /// The first line is read first: the others may have another form in another format.
    ///
    /// - Throws: the error of the JSON encoder, which does not occur
    func print() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Data((Checkpoint.title + "\(Checkpoint.format)\n").utf8)
        bytes += try encoder.encode(self)
        bytes.append(10)
        return bytes + Data((Checkpoint.seal + "\(Fingerprint(bytes))\n").utf8)
    }

    /// Reads the output of ``print()``, to the last byte.
    ///
    /// - Throws: ``Fault``
    static func parse(_ bytes: Data) throws(Fault) -> Checkpoint {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let first = String(decoding: lines[0], as: UTF8.self)
        guard lines.count > 1, first.hasPrefix(title) else { throw .damage }
        let number = String(first.dropFirst(title.count))
        if number != String(format) { throw .format(number) }
        guard lines.count == 4, lines[3].isEmpty else { throw .damage }
        let body = bytes[lines[0].startIndex...lines[1].endIndex]
        guard lines[2] == Data((seal + "\(Fingerprint(body))").utf8),
            let found = try? JSONDecoder().decode(Checkpoint.self, from: Data(lines[1])), !found.parts.isEmpty,
            found.isSound
        else { throw .damage }
        return found
    }

    /// The largest number in a checkpoint, so that sums do not overflow.
    private static let most: UInt64 = 1 << 61

    /// Returns true if all numbers are in the range that this program writes.
    private var isSound: Bool {
        var numbers = [next, epoch.end, tail?.block ?? 0, tail?.cases ?? 0]
        numbers += tail?.hits.map(\.count) ?? []
        numbers += tail?.countsBefore.numbers ?? []
        for part in parts {
            numbers.append(part.cases)
            numbers += part.counts.numbers
        }
        numbers += entries.map(\.hits)
        return numbers.allSatisfy { $0 <= Self.most } && epoch.start <= epoch.end
            && parts.allSatisfy { (0...Double(Self.most)).contains($0.seconds) && $0.configuration.budget.jobs > 0 }
    }
}
