import Foundation
import Fuzzing
import KernelRewrites
import LinuxBPF

/// The results of loading the programs of objects into the running kernel and checking its rewrites.
package struct KernelLoadReport: Encodable, Sendable {
    /// An object or program that was not loaded.
    package struct Refusal: Encodable, Sendable {
        package var object: String
        /// The program; `nil` for the whole object.
        package var program: String?
        package var reason: String
    }

    /// A broken rule in a loaded program, or a place that the check does not understand.
    package struct Trouble: Encodable, Sendable {
        package var object: String
        package var program: String
        /// The kind of load: `plain`, or `rnd_hi32` with `BPF_F_TEST_RND_HI32`.
        package var way: String
        /// The bucket; `nil` if the verifier's log was too long to judge the difference.
        package var bucket: String?
        /// The finding in one sentence without numbers; `nil` if the place is not understood.
        package var sentence: String?
        /// True if the bucket is in the list of known ones.
        package var isKnown = false
        package var detail: String
        /// The instructions around the place, in the program and in the result.
        package var listing: String

        enum CodingKeys: String, CodingKey {
            case object, program, way, bucket, sentence, detail, listing
            case isKnown = "known"
        }
    }

    /// A load of a program.
    struct CheckedLoad: Sendable {
        var object: String
        var program: String
        var way: String
    }

    /// The counts of one way of loading.
    package struct Loads: Encodable, Sendable {
        package var way: String
        /// The number of loaded programs.
        package internal(set) var loaded = 0
        /// The number of loaded programs that were understood completely, right or wrong.
        package internal(set) var checked = 0
        /// The number of programs checked without the verifier's log, which was too long: all code was assumed live.
        package internal(set) var withoutLog = 0
        /// The number of programs checked without function and line records, since those in the kernel are unknown.
        package internal(set) var withoutRecords = 0
        /// The number of patches, and of edits that only remove code.
        package internal(set) var patches = 0
        package internal(set) var deletions = 0
        package internal(set) var slotsIn = 0
        package internal(set) var slotsOut = 0

        enum CodingKeys: String, CodingKey {
            case way, loaded, checked, patches, deletions
            case withoutLog = "without_log"
            case withoutRecords = "without_records"
            case slotsIn = "slots_in"
            case slotsOut = "slots_out"
        }
    }

    /// The release of the kernel.
    package private(set) var kernel: String
    /// The number of readable objects.
    package private(set) var objects = 0
    /// The number of programs in these objects.
    package private(set) var programs = 0
    package private(set) var refused: [Refusal] = []
    package private(set) var loads: [Loads] = []
    package private(set) var notUnderstood: [Trouble] = []
    package private(set) var findings: [Trouble] = []
    package private(set) var seconds = 0.0
    /// A line for each named object or program that is missing or unreadable; ``refused`` contains them too.
    package private(set) var unusable: [String] = []
    /// All loads, right or wrong, for reports with one test for each.
    private(set) var checkedLoads: [CheckedLoad] = []

    enum CodingKeys: String, CodingKey {
        case kernel, objects, programs, refused, loads, findings, seconds
        case notUnderstood = "not_understood"
    }

    /// True if there is a finding that is not known.
    package var hasNews: Bool { findings.contains { !$0.isKnown } }

    /// A sentence about the places that the check does not understand and that are not known; `nil` if there are none.
    package var unexplained: String? {
        let count = notUnderstood.count { !$0.isKnown }
        return count == 0 ? nil : "\(CountText.of(count, "place")) of " + CampaignReport.unexplainedWords
    }

    /// Loads and checks the programs of objects.
    ///
    /// - Parameters:
    ///   - known: the buckets that do not affect the exit status
    ///   - options: the types of the programs, in place of those that their sections name
    ///   - host: the program of the child processes that load objects
    /// - Throws: ``CampaignError`` with the reasons if this process may not load programs, or none was loaded
    /// - Complexity: O(slots) a program, and the verifier's time
    package init(
        paths: [String], known: KnownBuckets = KnownBuckets(), options: LoadOptions = LoadOptions(),
        host: any HostProgram
    ) throws(CampaignError) {
        let begun = Date()
        var survey = try ObjectSurvey(options, host: host)
        var report = KernelLoadReport(kernel: survey.facts.release)
        var status = StatusLine()
        try survey.run(paths) { event in
            switch event {
            case .object(let programs):
                report.objects += 1
                report.programs += programs
            case .refused(let error):
                if error.isOfNamed(paths) { report.unusable.append(error.description) }
                report.refused.append(
                    Refusal(object: error.object, program: error.program, reason: error.reason.description))
            case .loaded(let load):
                report.add(load)
                status.showIfDue("\(report.summary), \(load.object)")
            }
        }
        status.clear()
        for number in report.findings.indices {
            report.findings[number].isKnown = report.findings[number].bucket.map(known.contains) ?? false
        }
        for number in report.notUnderstood.indices {
            report.notUnderstood[number].isKnown = report.notUnderstood[number].bucket.map(known.contains) ?? false
        }
        report.seconds = Date().timeIntervalSince(begun)
        self = report
        if loads.allSatisfy({ $0.loaded == 0 }) {
            throw CampaignError.noObject(refused.map { "\(Self.place($0.object, $0.program)): \($0.reason)" })
        }
    }

    private init(kernel: String) {
        self.kernel = kernel
        loads = ObjectSurvey.Way.allCases.map { Loads(way: $0.rawValue) }
    }

    private mutating func add(_ load: ObjectSurvey.Load) {
        let number = load.way == .plain ? 0 : 1
        let report = load.report
        loads[number].loaded += 1
        checkedLoads.append(CheckedLoad(object: load.object, program: load.name, way: load.way.rawValue))
        loads[number].withoutLog += load.isWithoutLog ? 1 : 0
        loads[number].withoutRecords += load.loaded.isWithoutRecords ? 1 : 0
        loads[number].slotsIn += load.loaded.input.program.insns.count
        loads[number].slotsOut += load.loaded.result.insns.count
        for applied in report.applied where !applied.rewrite.isInPlace {
            if applied.result.isEmpty { loads[number].deletions += 1 } else { loads[number].patches += 1 }
        }
        if report.isClean {
            loads[number].checked += 1
            return
        }
        let listing = LoadListing(load)
        let note = load.isWithoutLog ? "; dead code is unknown, since the verifier's log is too long" : ""
        for gap in report.gaps {
            notUnderstood.append(
                trouble(load, gap.finding.bucket, gap.reason + note, listing.text(slot: gap.slot, place: gap.place)))
        }
        for finding in report.findings {
            let found = listing.text(finding)
            // Without the log, a difference is no proof of a fault.
            if load.isWithoutLog {
                notUnderstood.append(trouble(load, nil, finding.detail + note, found))
            } else {
                var wrong = trouble(load, finding.bucket, finding.detail, found)
                wrong.sentence = finding.sentence
                findings.append(wrong)
            }
        }
        let isCertain = report.findings.isEmpty || !load.isWithoutLog
        loads[number].checked += report.gaps.isEmpty && isCertain ? 1 : 0
    }

    private func trouble(
        _ load: ObjectSurvey.Load, _ bucket: String?, _ detail: String, _ listing: String
    ) -> Trouble {
        Trouble(
            object: load.object, program: load.name, way: load.way.rawValue, bucket: bucket, detail: detail,
            listing: listing)
    }
}

extension KernelLoadReport {
    /// The totals in half a line.
    var summary: String {
        let loaded = loads.reduce(0) { $0 + $1.loaded }
        return "\(CountText.of(programs, "program")), \(CountText.of(loaded, "load")), "
            + "\(CountText.grouped(notUnderstood.count)) not understood, \(CountText.of(findings.count, "finding"))"
    }

    /// The refused objects and programs without the ``unusable`` ones, each place that is not understood and each
    /// finding with its instructions, and a table.
    package var text: String {
        var text = ""
        for refusal in refused {
            let line = Self.place(refusal.object, refusal.program) + ": \(refusal.reason)"
            if !unusable.contains(line) { text += line + "\n" }
        }
        for trouble in notUnderstood {
            let bucket = trouble.bucket.map { "\($0): " } ?? ""
            text += "\(bucket)\(Self.place(trouble)): not understood: \(trouble.detail)\n\(trouble.listing)"
        }
        for trouble in findings {
            let sentence = trouble.sentence.map { $0 + "\n" } ?? ""
            text += "\(trouble.bucket ?? ""): \(Self.place(trouble)): \(sentence)\(trouble.detail)\n\(trouble.listing)"
        }
        if !text.isEmpty { text += "\n" }
        let programs = refused.count { $0.program != nil }
        text += OutputWidth.wrap(
            "kernel \(kernel): \(CountText.of(objects, "object")), \(summary), "
                + "\(CountText.of(programs, "program")) not loadable, in \(Int(seconds.rounded())) s\n")
        return text + "\n"
            + PlainTable.text(loads) { row in
                [
                    Column(title: "loaded", value: row.way), Self.number("programs", row.loaded),
                    Self.number("checked", row.checked), Self.number("without log", row.withoutLog),
                    Self.number("without records", row.withoutRecords),
                    Self.number("patches", row.patches), Self.number("deletions", row.deletions),
                    Self.number("slots in", row.slotsIn), Self.number("slots out", row.slotsOut),
                ]
            }
    }

    private static func number(_ title: String, _ value: Int) -> Column {
        Column(title: title, value: CountText.grouped(value), align: .right)
    }

    static func place(_ object: String, _ program: String?) -> String {
        program.map { "\(object): program '\($0)'" } ?? object
    }

    private static func place(_ trouble: Trouble) -> String {
        place(trouble.object, trouble.program) + " (\(trouble.way))"
    }
}
