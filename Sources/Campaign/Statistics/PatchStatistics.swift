import BPF
import Fuzzing
import LinuxBPF
import Patching

/// The number and sizes of the patches that workloads make in the programs of objects.
///
/// - Units: `slots` in slots
/// - Source: requested by Starovoitov, June 2022: "the number of patches and their sizes across all progs in selftests"
package struct PatchStatistics: Encodable, Sendable, Hashable {
    /// The number of objects with at least one readable part.
    package let objects: Int
    package let programs: Int
    package let slots: Int
    /// A line for each object or program that could not be used.
    package let refused: [String]
    package let workloads: [EditStatistics]

    /// Reads objects and runs each workload on each of their programs.
    ///
    /// - Throws: ``CampaignError`` with the reasons if no program could be read
    /// - Complexity: O(bytes of all objects + slots × log subprograms) a pass
    package init(paths: [String], workloads: [Workload]) throws(CampaignError) {
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

    /// Runs each workload on each program.
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
    /// Tables of all workloads, then the details of each one with edits.
    package var text: String { text(width: OutputWidth.columns) }

    /// The same text in a given width, in columns.
    func text(width: Int) -> String {
        let parts = [
            "\(CountText.of(objects, "object")), \(CountText.of(programs, "program")), \(CountText.of(slots, "slot"))\n"
        ]
        return (parts + EditTables(title: "workload", rows: workloads, width: width).text).joined(separator: "\n")
    }
}
