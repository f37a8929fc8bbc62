import BPF
import CLibbpf
import Glibc
import KernelModel

/// The kernel that runs this process: programs are loaded into it and read back after its rewrites.
///
/// One BTF, and one map of each kind that a program needed, stay open until `deinit`. Nothing is pinned, so nothing is
/// left after the process ends. For one thread at a time.
package final class RunningKernel {
    /// The BTF, maps and buffers that loads share.
    let state: UncheckedBox<LoadState>

    private var found: KernelFacts?

    /// The release, features and settings of the kernel; found on first use, by loading a small program for each.
    ///
    /// - Throws: ``KernelError`` if this process lacks descriptors, or memory to read a program back
    package var facts: KernelFacts {
        get throws(KernelError) {
            if let found { return found }
            let facts = try foundFacts()
            found = facts
            return facts
        }
    }

    /// Checks that this process may load programs.
    ///
    /// - Throws: ``KernelError`` with the missing right and the remedy
    package init() throws(KernelError) {
        try KernelRights.check()
        // No kernel so far accepts more than 256 subprograms.
        state = UncheckedBox(LoadState(types: try ProgramTypes(functionCount: 256)))
    }

    /// Loads a program, which stays in the kernel for as long as the returned value lives.
    ///
    /// A refused program is loaded again with a log, for the reason.
    ///
    /// - Complexity: O(slots), and the verifier's time
    /// - Source: `kernel/bpf/syscall.c`, `bpf_prog_load`
    package func load(_ program: LoadableProgram) -> LoadOutcome {
        do throws(LoadRefusal) {
            let target = unsafe try state.value.prepare(program)
            let result = unsafe try state.value.submit(program, target)
            if result >= 0 { return .loaded(LoadedProgram(descriptor: result, type: program.type)) }
            let error = KernelError(.load, code: -result)
            if error.isOfEnvironment { return .refused(LoadRefusal(error)) }
            return unsafe .refused(state.value.refusal(of: program, target, code: -result))
        } catch {
            return .refused(error)
        }
    }

    /// Reads a program back after the kernel's rewrites.
    ///
    /// Subprograms and lines have the ids they were loaded with. Wide loads of maps, with `src_reg` 1 or 2, have the
    /// number of the ``MapKind``, or ``unknownMap``. All other values are the kernel's own, such as the addresses in
    /// calls.
    ///
    /// - Throws: ``KernelError`` if the kernel does not show it
    /// - Complexity: O(slots + records)
    package func read(_ loaded: borrowing LoadedProgram) throws(KernelError) -> Program {
        var program = Program(insns: [], aux: [], subprograms: [])
        try read(loaded, into: &program)
        return program
    }

    /// Reads a program back into an earlier one, and reuses its memory.
    ///
    /// - Throws: ``KernelError`` if the kernel does not show it
    /// - Complexity: O(slots + records)
    package func read(_ loaded: borrowing LoadedProgram, into program: inout Program) throws(KernelError) {
        unsafe try state.value.reader.read(loaded.descriptor)
        unsafe state.value.reader.copy(to: &program, firstFunction: state.value.types.firstFunction)
        for slot in program.insns.indices {
            let insn = program.insns[slot]
            if !insn.isWide || (insn.src != 1 && insn.src != 2) { continue }
            let kind = unsafe state.value.maps.identifiers[UInt32(bitPattern: insn.imm)]
            program.insns[slot].imm = kind?.rawValue ?? Self.unknownMap
        }
    }

    /// The number of a map of another process. No kind has it, so the check never accepts it.
    package static let unknownMap: Int32 = -2

    /// For each slot of a program, true if the verifier saw it on a path that can be taken. The other slots are dead.
    ///
    /// The second slot of a wide load is seen with its first. The program is loaded with the log that names each
    /// instruction that the verifier looks at, and closed at once.
    ///
    /// - Parameter isRefused: true for a program that the kernel refuses after its verification
    /// - Throws: ``KernelError`` if the program is refused unexpectedly, or there is no log
    /// - Complexity: O(length of the log)
    package func seen(_ program: LoadableProgram, isRefused: Bool = false) throws(KernelError) -> [Bool] {
        let target: UInt32
        do throws(LoadRefusal) {
            target = unsafe try state.value.prepare(program)
        } catch {
            throw KernelError(.log, code: error.code, error.text)
        }
        var seen = unsafe try state.value.seen(program, target, isRefused: isRefused)
        program.program.spreadOverWideLoads(&seen)
        return seen
    }
}

extension Program {
    /// Copies the value of the first slot of each wide load to its second slot, which is not in the log.
    func spreadOverWideLoads(_ seen: inout [Bool]) {
        for (slot, insn) in insns.enumerated() where insn.isWide && slot + 1 < seen.count {
            seen[slot + 1] = seen[slot]
        }
    }
}
