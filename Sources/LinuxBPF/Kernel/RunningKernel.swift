import BPF
import CLibbpf
import Glibc
import KernelModel

/// The kernel that runs this process: programs are loaded into it and read back as it rewrote them.
///
/// One BTF, and one map of each kind that a program needed, stay open for as long as this does; nothing is ever pinned, so
/// that nothing is left when the process ends, whichever way it does. For one thread at a time.
package final class RunningKernel {
    /// What is kept from one load to the next.
    let state: UncheckedBox<LoadState>

    /// What the kernel is and has; found out when first asked for, by loading a small program for each thing.
    package private(set) lazy var facts = foundFacts()

    /// Finds out whether programs may be loaded.
    ///
    /// - Throws: ``KernelError``, which says what is missing and how to get it
    package init() throws(KernelError) {
        try KernelRights.check()
        // More subprograms than 256 no kernel takes so far.
        state = UncheckedBox(LoadState(types: try ProgramTypes(functionCount: 256)))
    }

    /// Loads a program; it is in the kernel for as long as the value that comes back.
    ///
    /// A program that is refused is loaded again with a log, which says why.
    ///
    /// - Complexity: O(slots), and what the verifier takes
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

    /// Reads a program back as the kernel rewrote it.
    ///
    /// Subprograms and lines have the ids they were loaded with, and wide loads of maps, with `src_reg` 1 or 2, the number of
    /// the ``MapKind``, or ``unknownMap``. Whatever else the kernel puts in stands as it gave it, as addresses of functions in
    /// calls.
    ///
    /// - Throws: ``KernelError`` when the kernel will not show it
    /// - Complexity: O(slots + records)
    package func read(_ loaded: borrowing LoadedProgram) throws(KernelError) -> Program {
        var program = Program(insns: [], aux: [], subprograms: [])
        try read(loaded, into: &program)
        return program
    }

    /// Reads a program back into one that was read before, whose memory is used again.
    ///
    /// - Throws: ``KernelError`` when the kernel will not show it
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

    /// What stands for a map that was not made here: no kind has this number, so that it is never taken for right.
    package static let unknownMap: Int32 = -2

    /// For each slot of a program, whether the verifier saw it on a path that can be taken: what is left is dead.
    ///
    /// The second slot of a wide load is seen with its first. The program is loaded for that, with the log that names each
    /// instruction looked at, and goes at once.
    ///
    /// - Throws: ``KernelError`` when the program is refused, or the log cannot be had
    /// - Complexity: O(length of the log)
    package func seen(_ program: LoadableProgram) throws(KernelError) -> [Bool] {
        let target: UInt32
        do throws(LoadRefusal) {
            target = unsafe try state.value.prepare(program)
        } catch {
            throw KernelError(.log, code: error.code, error.text)
        }
        var seen = unsafe try state.value.seen(program, target)
        program.program.spreadOverWideLoads(&seen)
        return seen
    }
}

extension Program {
    /// Gives the second slot of each wide load what its first has: only that stands in the log.
    func spreadOverWideLoads(_ seen: inout [Bool]) {
        for (slot, insn) in insns.enumerated() where insn.isWide && slot + 1 < seen.count {
            seen[slot + 1] = seen[slot]
        }
    }
}
