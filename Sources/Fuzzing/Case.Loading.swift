import BPF

extension Case {
    /// How the program of a case against a running kernel is loaded, and what was seen of it.
    package struct Loading: Hashable, Sendable, Codable {
        package var type: ProgramType
        package var attachType: UInt32
        package var attachTarget: String?
        package var flags: LoadFlags
        package var privilege: LoadPrivilege
        /// The kernel functions that calls number, from 0.
        package var kernelFunctions: [String]
        /// True if the program may also be run: it ends soon, and what it returns depends on its data and maps alone.
        package var isRunnable = false
        /// The release of the kernel that the case was found with.
        package var release: String?
        /// What that kernel had, in words.
        package var facts: [String] = []
        /// What was wrong with what came back, in the slots of what came back.
        package var sight: Observed?
        /// What must be in its place, in the same form and the same slots; `nil` where the rules do not say.
        package var must: Observed?
        /// What the kernel gave, in the form and the slots of what the passes must give; `nil` when the case does not say.
        package var given: Program?

        // What was seen is not part of how a program is loaded.
        private enum CodingKeys: CodingKey {
            case type, attachType, attachTarget, flags, privilege, kernelFunctions, isRunnable, release, facts
        }

        /// What came of a program that should not have.
        package enum Observed: Hashable, Sendable {
            /// The instruction at a slot, with the slot after it for a wide load.
            case insn(slot: Int, Instruction, second: Instruction? = nil)
            /// Where the load of a subprogram's address leads: to the start of the subprogram with this number in the program
            /// that was loaded, or `nil` when no subprogram starts there.
            case target(slot: Int, subprogram: UInt32?)
            /// What the program returned when it was run, and the flags that it was loaded with.
            case value(UInt32, flags: LoadFlags)
            /// How many slots there are, where some are missing or left over.
            case length(Int)
            /// The start of a subprogram, by its row of the table, or `nil` when there is no such row.
            case subprogram(row: Int, start: UInt32?)
            /// The program was refused, and the verifier's log says this.
            case refusal(String)
            /// A line record, by its row of the table, or `nil` when there is no such row.
            case line(row: Int, LineRecord?)
        }

        /// Takes over all but the program itself.
        package init(_ program: LoadableProgram) {
            type = program.type
            attachType = program.attachType
            attachTarget = program.attachTarget
            flags = program.flags
            privilege = program.privilege
            kernelFunctions = program.kernelFunctions
        }
    }

    /// Makes a case of a program for a running kernel.
    package init(_ program: LoadableProgram, origin: Origin? = nil) {
        self.init(target: Finding.kernelTarget, origin: origin, program: program.program, passes: [])
        loading = Loading(program)
    }

    /// The program of a case against a running kernel with all that loading it takes, or `nil` for another case.
    ///
    /// Subprograms and lines are numbered anew, as a kernel is told of them.
    package var loadable: LoadableProgram? {
        guard let loading else { return nil }
        var program = program
        for row in program.subprograms.indices { program.subprograms[row].id = UInt32(row) }
        for row in program.lines.indices { program.lines[row].id = UInt32(row) }
        return LoadableProgram(
            program: program, type: loading.type, attachType: loading.attachType, attachTarget: loading.attachTarget,
            flags: loading.flags, privilege: loading.privilege, kernelFunctions: loading.kernelFunctions)
    }
}

extension Finding {
    /// The target of findings against a running kernel.
    package static let kernelTarget = "kernel"
}
