import BPF
import KernelModel

/// A program of an object that was given to the running kernel, and what came of it.
package struct ObjectLoad: Sendable, Codable {
    /// The path of the object.
    package var object: String
    /// The name of the program's function.
    package var name: String
    /// The ELF section.
    package var section: String
    /// What came of loading the program, once for each set of flags that was asked for, in that order.
    ///
    /// Behind a refusal there is nothing: what is refused with one set of flags is so with each.
    package var outcomes: [Outcome]

    /// What happens while an object is loaded.
    package enum Event: Sendable, Codable {
        /// The object was opened, and has programs of these names, which are loaded in this order.
        case object(programs: [String])
        case program(ObjectLoad)
    }

    /// What came of loading a program with one set of flags.
    package enum Outcome: Sendable, Codable {
        case loaded(LoadedObjectProgram)
        /// Why not, in one line.
        case refused(String)
    }
}

/// What went to the kernel and what came back.
///
/// - Shape: ids are those of ``RecordNames``; in both programs, the `imm` of a wide load of a map is the number of the map
///   in the object, and `src_reg` is 1 or 2 (`BPF_PSEUDO_MAP_FD`, `BPF_PSEUDO_MAP_VALUE`)
package struct LoadedObjectProgram: Sendable, Codable {
    /// The program as libbpf handed it over, with all relocations applied.
    package var input: LoadableProgram
    /// Which slots the verifier saw on a path that can be taken; `nil` when its log was too long to be kept whole.
    package var live: [Bool]?
    /// The program as the kernel has it.
    package var result: Program
    /// Whether the kernel was given function and line records that are not known here, so that both programs are without.
    package var isWithoutRecords: Bool
}
