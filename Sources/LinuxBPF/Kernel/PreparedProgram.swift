import BPF
import KernelModel

/// The arguments of the load of one program, with descriptors and BTF ids in place of names.
///
/// For loops that call the kernel themselves. It is valid as long as its ``RunningKernel`` lives, and until that loads
/// a program with more subprograms than any before.
package struct PreparedProgram: Sendable {
    package var type: ProgramType
    package var attachType: UInt32
    /// `attach_btf_id`; 0 without a target.
    package var attachTarget: UInt32
    package var flags: LoadFlags
    package var insns: [Instruction]
    /// `struct bpf_func_info`: a slot and the id of a type.
    package var functions: [Subprogram]
    /// `struct bpf_line_info`: a slot, the file's name, the text, and the place in the file.
    package var lines: [SIMD4<UInt32>]
    /// The descriptor of the BTF.
    package var types: Int32
    /// `fd_array`.
    package var maps: [Int32]
}

extension RunningKernel {
    /// Makes the maps and types that a program needs, and returns the arguments of its load.
    ///
    /// - Throws: a refusal if this kernel lacks something that the program needs
    /// - Complexity: O(slots + records)
    package func prepared(_ program: LoadableProgram) throws(LoadRefusal) -> PreparedProgram {
        unsafe try state.value.prepared(program)
    }
}

extension LoadState {
    /// Copies the result of ``prepare(_:)``.
    mutating func prepared(_ program: LoadableProgram) throws(LoadRefusal) -> PreparedProgram {
        let target = try prepare(program)
        return PreparedProgram(
            type: program.type, attachType: program.attachType, attachTarget: target, flags: program.flags,
            insns: buffers.insns, functions: buffers.functions, lines: buffers.lines, types: types.descriptor,
            maps: maps.descriptors.array(count: MapKind.allCases.count))
    }
}
