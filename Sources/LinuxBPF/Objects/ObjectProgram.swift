import BPF

/// A program of an ELF object, as the kernel would be given it, and where it comes from.
///
/// Subprograms are appended behind the program and calls are relocated; CO-RE relocations are not applied, and a map is
/// its number in the object. A kernel symbol without a type (`extern const void symbol __ksym`) is the one thing taken from
/// the machine: its address in `/proc/kallsyms`.
///
/// - Source: libbpf 1.1, `libbpf.h`: `bpf_program__insns`
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
