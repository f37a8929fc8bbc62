/// The edits of one workload, or of one kernel rewrite, in a set of programs.
///
/// - Units: `slotsIn`, `slotsOut`, `growth` and lengths in slots
package struct EditStatistics: Encodable, Sendable, Hashable {
    /// The number of edits of one length.
    package struct LengthCount: Encodable, Sendable, Hashable {
        package var length: Int
        package var count: Int
    }

    /// The number of programs with `from` to `to` edits.
    package struct ProgramCount: Encodable, Sendable, Hashable {
        package var from: Int
        package var to: Int
        package var programs: Int
    }

    /// Percentiles of the number of edits in a program.
    package struct Spread: Encodable, Sendable, Hashable {
        package var p50: Int
        package var p90: Int
        package var p99: Int
        package var max: Int
    }

    /// A program with the number of its edits and its sizes.
    package struct PatchedProgram: Encodable, Sendable, Hashable {
        package var object: String
        package var program: String
        package var edits: Int
        package var slotsIn: Int
        package var slotsOut: Int

        enum CodingKeys: String, CodingKey {
            case object, program, edits
            case slotsIn = "slots_in"
            case slotsOut = "slots_out"
        }
    }

    /// The name of the workload or rewrite.
    package var name: String
    /// The kernel function of the same edits.
    package var source: String
    package var passes: Int
    /// The number of edits with a patch.
    ///
    /// As in the kernel, the length of an insertion includes the instruction that follows it.
    package internal(set) var patches = 0
    package internal(set) var lengths: [LengthCount] = []
    /// The number of edits without a patch; their lengths are those of the removed ranges.
    package internal(set) var deletions = 0
    package internal(set) var deletedLengths: [LengthCount] = []
    /// The number of programs with at least one edit.
    package internal(set) var programsTouched = 0
    package internal(set) var slotsIn = 0
    package internal(set) var slotsOut = 0
    /// The growth of all programs together.
    package internal(set) var growth = 0
    /// The number of programs with a jump out of the range of 16 bits; their edits up to that pass count.
    package internal(set) var outOfRange = 0
    /// Percentiles over all programs, including those without edits.
    package internal(set) var perProgram = Spread(p50: 0, p90: 0, p99: 0, max: 0)
    /// The number of programs with no edit, one, two to three, four to seven, and so on up to the last non-empty group.
    package internal(set) var programs: [ProgramCount] = []
    /// The programs with the most edits, in descending order.
    package internal(set) var mostPatched: [PatchedProgram] = []

    /// Makes statistics without a program.
    init(name: String, source: String, passes: Int = 1) {
        self.name = name
        self.source = source
        self.passes = passes
    }

    enum CodingKeys: String, CodingKey {
        case name, source, passes, patches, lengths, deletions, growth, programs
        case deletedLengths = "deleted_lengths"
        case programsTouched = "programs_touched"
        case slotsIn = "slots_in"
        case slotsOut = "slots_out"
        case outOfRange = "out_of_range"
        case perProgram = "per_program"
        case mostPatched = "most_patched"
    }
}
