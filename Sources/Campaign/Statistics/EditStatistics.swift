/// What one way to edit programs, a workload or the kernel's, does to a set of them.
///
/// - Units: `slotsIn`, `slotsOut`, `growth` and lengths in slots
public struct EditStatistics: Encodable, Sendable, Hashable {
    /// How often there is one length.
    public struct LengthCount: Encodable, Sendable, Hashable {
        public var length: Int
        public var count: Int
    }

    /// How many programs have edits from one number to another.
    public struct ProgramCount: Encodable, Sendable, Hashable {
        public var from: Int
        public var to: Int
        public var programs: Int
    }

    /// How the edits are spread over programs: so many or fewer are in half of these, and so on.
    public struct Spread: Encodable, Sendable, Hashable {
        public var p50: Int
        public var p90: Int
        public var p99: Int
        public var max: Int
    }

    /// A program and what becomes of it.
    public struct PatchedProgram: Encodable, Sendable, Hashable {
        public var object: String
        public var program: String
        public var edits: Int
        public var slotsIn: Int
        public var slotsOut: Int

        enum CodingKeys: String, CodingKey {
            case object, program, edits
            case slotsIn = "slots_in"
            case slotsOut = "slots_out"
        }
    }

    /// What it is called.
    public var name: String
    /// The kernel's function that does it.
    public var source: String
    public var passes: Int
    /// How many edits bring code, by the length of what they bring.
    ///
    /// Where code is inserted, the instruction behind it counts too, as it does for the kernel.
    public internal(set) var patches = 0
    public internal(set) var lengths: [LengthCount] = []
    /// How many edits bring none, by the length of what they remove.
    public internal(set) var deletions = 0
    public internal(set) var deletedLengths: [LengthCount] = []
    /// How many programs have at least one edit.
    public internal(set) var programsTouched = 0
    public internal(set) var slotsIn = 0
    public internal(set) var slotsOut = 0
    /// How many slots longer all programs get together.
    public internal(set) var growth = 0
    /// How many programs get too long for a jump of 16 bits; they count with what they have got until then.
    public internal(set) var outOfRange = 0
    /// How edits are spread over all programs, also those without any.
    public internal(set) var perProgram = Spread(p50: 0, p90: 0, p99: 0, max: 0)
    /// How many programs have none, one, two to three, four to seven, and so on; up to the last that there is.
    public internal(set) var programs: [ProgramCount] = []
    /// Those with the most edits, most first.
    public internal(set) var mostPatched: [PatchedProgram] = []

    /// Starts without a program.
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
