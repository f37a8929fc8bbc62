import BPF

/// A program of an object that was given to the running kernel, and what came of it.
public struct ObjectLoad: Sendable {
    /// What came of loading a program in one way.
    public enum Outcome: Sendable {
        case loaded(LoadedObjectProgram)
        /// Why not, in one line.
        case refused(String)
    }

    /// The path of the object.
    public var object: String
    /// The name of the program's function.
    public var name: String
    /// The ELF section.
    public var section: String
    /// The flags beside those that the object asks for, and what came of loading the program with them, in the order
    /// in which they were asked for.
    public var outcomes: [(flags: LoadFlags, outcome: Outcome)]
}

/// What went to the kernel and what came back.
///
/// - Shape: ids are those of ``RecordNames``; the `imm` of a wide load of a map, in both programs, is the number of the map
///   in the object
public struct LoadedObjectProgram: Sendable {
    /// The program as libbpf handed it over, with all relocations applied.
    public var input: LoadableProgram
    /// Which slots the verifier looked at; `nil` when its log was too long to be kept whole.
    public var live: [Bool]?
    /// The program as the kernel has it.
    public var result: Program
}
