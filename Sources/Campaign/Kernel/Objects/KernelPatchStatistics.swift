import KernelRewrites
import LinuxBPF

/// The number and sizes of the patches that the running kernel makes in the programs of objects, by rewrite.
///
/// - Units: `slots` in slots
/// - Source: requested by Starovoitov, June 2022: "the number of patches and their sizes across all progs in selftests"
package struct KernelPatchStatistics: Encodable, Sendable {
    /// The counts of one way of loading.
    package struct Loads: Encodable, Sendable {
        /// The way of loading: `plain`, or `rnd_hi32` with `BPF_F_TEST_RND_HI32`.
        package internal(set) var way: String
        package internal(set) var programs = 0
        /// All rewrites together, then each one with edits.
        package internal(set) var rewrites: [EditStatistics] = []
        /// The number of instructions changed in place, without a patch, by rewrite.
        package internal(set) var inPlace: [String: Int] = [:]

        enum CodingKeys: String, CodingKey {
            case way, programs, rewrites
            case inPlace = "in_place"
        }
    }

    /// The release of the kernel.
    package private(set) var kernel: String
    /// The number of objects with at least one readable part.
    package private(set) var objects = 0
    /// The number of programs that were loaded and understood.
    package private(set) var programs = 0
    package private(set) var slots = 0
    /// A line for each object or program that could not be used.
    package private(set) var refused: [String] = []
    /// The lines of named objects and programs that are missing or unreadable.
    package private(set) var unusable: [String] = []
    /// A line for each program with a place that the check does not understand; these programs are not counted.
    package private(set) var leftOut: [String] = []
    package private(set) var loads: [Loads] = []

    enum CodingKeys: String, CodingKey {
        case kernel, objects, programs, slots, refused, loads
        case leftOut = "left_out"
    }

    /// Loads the programs of objects and counts the kernel's edits.
    ///
    /// - Parameters:
    ///   - options: the types of the programs, in place of those that their sections name
    ///   - host: the program of the child processes that load objects
    /// - Throws: ``CampaignError`` with the reasons if this process may not load programs, or none was loaded
    /// - Complexity: O(slots) a program, and the verifier's time
    package init(
        paths: [String], options: LoadOptions = LoadOptions(), host: any HostProgram
    ) throws(CampaignError) {
        var survey = try ObjectSurvey(options, host: host)
        var status = StatusLine()
        var tallies = ObjectSurvey.Way.allCases.map { RewriteTally($0) }
        var found = KernelPatchStatistics(kernel: survey.facts.release)
        try survey.run(paths) { event in
            switch event {
            case .object: found.objects += 1
            case .refused(let error):
                found.refused.append(error.description)
                if error.isOfNamed(paths) { found.unusable.append(error.description) }
            case .loaded(let load):
                status.showIfDue("\(found.programs) programs, \(load.object)")
                if !load.report.gaps.isEmpty {
                    found.leftOut.append("\(load.object): program '\(load.name)' (\(load.way.rawValue))")
                    return
                }
                tallies[load.way == .plain ? 0 : 1].add(load)
                if load.way != .plain { return }
                found.programs += 1
                found.slots += load.loaded.input.program.insns.count
            }
        }
        status.clear()
        found.loads = tallies.map(\.loads)
        self = found
        if loads.allSatisfy({ $0.programs == 0 }) { throw CampaignError.noObject(refused + leftOut) }
    }

    private init(kernel: String) { self.kernel = kernel }
}

extension KernelPatchStatistics {
    /// For each way of loading, tables of all rewrites and histograms of their patches.
    package var text: String {
        var parts = [
            OutputWidth.wrap(
                "kernel \(kernel): \(CountText.of(objects, "object")), "
                    + "\(CountText.of(programs, "program")), \(CountText.of(slots, "slot"))\n")
        ]
        for loads in loads {
            var title = loads.way == ObjectSurvey.Way.plain.rawValue ? "as they are" : "with BPF_F_TEST_RND_HI32"
            title += ", \(CountText.of(loads.programs, "program"))"
            parts.append("\(title)\n\(String(repeating: "=", count: title.count))\n")
            parts += EditTables(title: "rewrite", rows: loads.rewrites, hasOutOfRange: false, detailed: 1).text
            if !loads.inPlace.isEmpty {
                let counts = loads.inPlace.sorted { $0.key < $1.key }.map {
                    "\($0.key) \(CountText.grouped($0.value))"
                }
                parts.append(OutputWidth.wrap("in place, without a patch: \(counts.joined(separator: ", "))\n"))
            }
        }
        return parts.joined(separator: "\n")
    }
}
