import BPF
import KernelModel

extension Case {
    /// The arguments for loading the program of a case into a running kernel, and the fault that was observed.
    package struct Loading: Hashable, Sendable, Codable {
        package var type: ProgramType
        package var attachType: UInt32
        package var attachTarget: String?
        package var flags: LoadFlags
        package var privilege: LoadPrivilege
        /// The kernel functions, in the order of their numbers in calls.
        package var kernelFunctions: [String]
        /// True if the program may also be run: it ends soon, and its result depends on its data and maps only.
        package var isRunnable = false
        /// The release of the kernel of the finding.
        package var release: String?
        /// Features of that kernel, in words.
        package var facts: [String] = []
        /// The kinds of programs that the generator chose from, if these are not all.
        package var profiles: [String] = []
        /// The fault in the program that was read back, in the slots of that program.
        package var seen: Observed?
        /// The correct contents of that place, in the same form and slots; `nil` if the rules do not define them.
        package var must: Observed?
        /// The kernel's result, in the form and slots of the expected result; `nil` if unknown.
        package var given: Program?

        /// The live slots if the generator of the program knows them; not in case files.
        package var live: LiveSlots?

        // The observed fault is not part of the arguments.
        private enum CodingKeys: CodingKey {
            case type, attachType, attachTarget, flags, privilege, kernelFunctions, isRunnable, release, facts,
                profiles
        }

        /// The slots of one program that a path can reach.
        package struct LiveSlots: Hashable, Sendable {
            /// The instructions of that program; any other program has other live slots.
            let insns: [Instruction]
            /// A value a slot; that of a second slot is that of its first.
            package let isLive: [Bool]

            package init(_ program: Program, _ isLive: [Bool]) {
                insns = program.insns
                self.isLive = isLive
            }
        }

        /// An observed fault of a loaded program.
        package enum Observed: Hashable, Sendable {
            /// The instruction at a slot, with the slot after it for a wide load.
            case insn(slot: Int, Instruction, second: Instruction? = nil)
            /// The target of the load of a subprogram's address: the number of the subprogram in the program that was
            /// loaded, or `nil` if no subprogram starts there.
            case target(slot: Int, subprogram: UInt32?)
            /// The return value of a run, and the flags of the load.
            case value(UInt32, flags: LoadFlags)
            /// The number of slots, if it is wrong.
            case length(Int)
            /// The start of a subprogram in a row of the table, or `nil` if there is no such row.
            case subprogram(row: Int, start: UInt32?)
            /// The text in the verifier's log of a refused program.
            case refusal(String)
            /// A line record in a row of the table, or `nil` if there is no such row.
            case line(row: Int, LineRecord?)
        }

        /// Copies all arguments except the program itself.
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

    /// The arguments for loading the program of a case against a running kernel, or `nil` for another case.
    ///
    /// Subprograms and lines are numbered from 0, as in the arguments of the load.
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

extension Case {
    /// The live slots of the program, a value a slot, if they are known.
    package var liveSlots: [Bool]? {
        loading?.live.flatMap { $0.insns == program.insns ? $0.isLive : nil }
    }

    /// Replaces the program, and what belongs to it in the arguments of its load.
    package mutating func replace(_ loadable: LoadableProgram, live: [Bool]) {
        program = loadable.program
        loading?.kernelFunctions = loadable.kernelFunctions
        loading?.live = Loading.LiveSlots(program, live)
    }
}

extension Finding {
    /// The target of findings against a running kernel.
    package static let kernelTarget = "kernel"
}
