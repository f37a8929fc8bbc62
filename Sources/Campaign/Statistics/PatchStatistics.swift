import BPF
import Fuzzing
import LinuxBPF
import Patching

/// How many patches workloads make in the programs of objects, and of which sizes.
///
/// - Units: `slots` in slots
/// - Source: asked for by Starovoitov, June 2022: "the number of patches and their sizes across all progs in selftests"
public struct PatchStatistics: Encodable, Sendable, Hashable {
    /// How many objects there are of which at least something could be read.
    public let objects: Int
    public let programs: Int
    public let slots: Int
    /// Objects and programs that could not be used, each in a line.
    public let refused: [String]
    public let workloads: [EditStatistics]

    /// Reads objects and puts each of their programs through each workload.
    ///
    /// - Throws: ``CampaignError`` when no program could be read, with the reasons
    /// - Complexity: O(bytes of all objects + slots × log subprograms) a pass
    public init(paths: [String], workloads: [Workload]) throws(CampaignError) {
        var status = StatusLine()
        status.show("reading objects")
        let collection = ObjectCollection(paths: paths)
        let refused = collection.refusals.map(\.description)
        if collection.programs.isEmpty {
            status.clear()
            throw CampaignError.noObject(refused)
        }
        self.init(
            collection.programs, objects: collection.files.count, refused: refused, workloads: workloads,
            showing: &status)
        status.clear()
    }

    /// Puts programs through each workload.
    ///
    /// - Complexity: O(slots × log subprograms) a pass
    init(
        _ found: [ObjectProgram], objects: Int, refused: [String], workloads: [Workload],
        showing status: inout StatusLine
    ) {
        let buffer = ProgramBuffer()
        let tallies = UncheckedBoxes(count: workloads.count) { WorkloadTally(workloads[$0]) }
        for (number, program) in found.enumerated() {
            status.showIfDue("program \(number + 1) of \(found.count)")
            buffer.load(program.program)
            for tally in 0..<tallies.count { unsafe tallies[tally].add(program, buffer.image()) }
        }
        self.objects = objects
        self.refused = refused
        programs = found.count
        slots = found.reduce(0) { $0 + $1.program.insns.count }
        self.workloads = (0..<tallies.count).map { unsafe tallies[$0].statistics }
    }
}

extension PatchStatistics {
    /// Tables of all workloads, then for each that has edits what these are like.
    public var text: String { text(width: OutputWidth.columns) }

    /// The same in lines of so many columns.
    func text(width: Int) -> String {
        let parts = [
            "\(CountText.of(objects, "object")), \(CountText.of(programs, "program")), \(CountText.of(slots, "slot"))\n"
        ]
        return (parts + EditTables(title: "workload", rows: workloads, width: width).text).joined(separator: "\n")
    }
}
