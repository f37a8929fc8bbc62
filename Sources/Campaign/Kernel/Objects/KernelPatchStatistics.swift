import KernelRewrites
import LinuxBPF

/// How many patches the running kernel makes in the programs of objects, and of which sizes, by rewrite.
///
/// - Units: `slots` in slots
/// - Source: asked for by Starovoitov, June 2022: "the number of patches and their sizes across all progs in selftests"
public struct KernelPatchStatistics: Encodable, Sendable {
    /// What was counted in one way of loading.
    public struct Loads: Encodable, Sendable {
        /// How programs were loaded: `plain`, or `rnd_hi32` with `BPF_F_TEST_RND_HI32`.
        public internal(set) var way: String
        public internal(set) var programs = 0
        /// All rewrites together, then each that happened.
        public internal(set) var rewrites: [EditStatistics] = []
        /// How many instructions were changed where they stand, without a patch, by the rewrite.
        public internal(set) var inPlace: [String: Int] = [:]

        enum CodingKeys: String, CodingKey {
            case way, programs, rewrites
            case inPlace = "in_place"
        }
    }

    /// The release of the kernel.
    public private(set) var kernel: String
    /// How many objects there are of which at least something could be read.
    public private(set) var objects = 0
    /// How many programs were loaded and understood.
    public private(set) var programs = 0
    public private(set) var slots = 0
    /// Objects and programs that could not be used, each in a line.
    public private(set) var refused: [String] = []
    /// Those of them that were named and are not there or cannot be read.
    public private(set) var unusable: [String] = []
    /// Programs in which the check does not understand something, each in a line; they are not counted.
    public private(set) var leftOut: [String] = []
    public private(set) var loads: [Loads] = []

    enum CodingKeys: String, CodingKey {
        case kernel, objects, programs, slots, refused, loads
        case leftOut = "left_out"
    }

    /// Loads the programs of objects and counts what the kernel did to them.
    ///
    /// - Throws: ``CampaignError`` when this process may load no programs, or no program was loaded, with the reasons
    /// - Complexity: O(slots) a program, and what the verifier takes
    public init(paths: [String]) throws(CampaignError) {
        var survey = try ObjectSurvey()
        var status = StatusLine()
        var tallies = ObjectSurvey.Way.allCases.map { RewriteTally($0) }
        var found = KernelPatchStatistics(kernel: survey.facts.release)
        survey.run(paths) { event in
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
    /// For each way of loading, tables of all rewrites and what their patches are like.
    public var text: String {
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
