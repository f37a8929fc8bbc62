import BPF

/// A program of an ELF object, put together as for the kernel, and its place.
///
/// Subprograms follow the program and calls are relocated. CO-RE relocations are not applied. Maps, external variables and
/// kernel functions are numbers, so that the program is the same on every machine; see ``ProgramLinker``.
package struct ObjectProgram: Hashable, Sendable {
    /// The path of the object, as it was given or found.
    package var object: String
    /// The name of the program's function.
    package var name: String
    /// The ELF section, without the `?` that keeps a program from loading by itself.
    package var section: String
    /// The program; well formed, with a different non-zero word beside each slot.
    package var program: Program

    /// Makes a program of an object from its parts.
    package init(object: String, name: String, section: String, program: Program) {
        self.object = object
        self.name = name
        self.section = section
        self.program = program
    }
}
