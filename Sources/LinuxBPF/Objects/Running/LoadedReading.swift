import BPF
import CLibbpf
import KernelModel

/// Reads a program that libbpf has loaded: the arguments of its load, and the kernel's result.
@safe
struct LoadedReading: ~Copyable {
    private let object: OpaquePointer
    private let program: OpaquePointer
    private let maps: MapNumbers
    /// The tables that were loaded; `nil` if there were none, or they are unknown.
    private let tables: LoadedCode?
    /// True if unknown tables were loaded.
    let isWithoutRecords: Bool
    private let functions: FirstPlaces<UInt32>
    private let lines: FirstPlaces<SourcePlace>

    /// Takes a program of a loaded object.
    ///
    /// - Parameters:
    ///   - prepared: the program as libbpf prepared it without the kernel, with its tables
    ///   - reader: the program as it was read back
    init(
        _ object: OpaquePointer, _ program: OpaquePointer, prepared: LoadedCode?, _ reader: borrowing ProgramReader
    ) {
        unsafe self.object = unsafe object
        unsafe self.program = unsafe program
        maps = unsafe MapNumbers(of: object)
        // Without BTF in the kernel, no table was loaded.
        let hasTables =
            unsafe reader.functionCount > 0 && prepared?.insns.count == bpf_program__insn_cnt(program)
        tables = hasTables ? prepared : nil
        isWithoutRecords = reader.functionCount > 0 && !hasTables
        functions = FirstPlaces(tables?.names.functions ?? [])
        lines = FirstPlaces(tables?.names.lines ?? [])
    }

    /// The program as it was loaded; libbpf still has it after the load.
    ///
    /// - Complexity: O(slots + records)
    func input(_ type: ProgramType, _ kernelTypes: inout KernelTypes) -> LoadableProgram {
        let slots = unsafe UnsafeRawPointer(bpf_program__insns(program))
        var insns = unsafe Instruction.all(slots, count: bpf_program__insn_cnt(program))
        var names: [String] = []
        for index in insns.indices {
            let insn = insns[index]
            if insn.isMap {
                insns[index].imm = maps.number(ofDescriptor: insn.imm)
            } else if insn.isKernelFunction {
                // A function of a module is known by its number only.
                let name = insn.off == 0 ? kernelTypes.name(ofFunction: UInt32(bitPattern: insn.imm)) : nil
                names.append(name ?? "function \(insn.imm) of module \(insn.off)")
                insns[index].imm = Int32(names.count - 1)
            }
        }
        var input = Program(insns: insns)
        if let tables {
            input.subprograms = zip(tables.functionStarts, tables.names.functions).map {
                Subprogram(start: $0, id: functions.number(of: $1))
            }
            input.lines = zip(tables.lineStarts, tables.names.lines).map {
                LineRecord(insnOff: $0, id: lines.number(of: $1))
            }
        } else {
            input.subprograms = Program(LoadedCode(insns: insns)).subprograms
        }
        return unsafe LoadableProgram(
            program: input, type: type, attachType: bpf_program__expected_attach_type(program).rawValue,
            flags: LoadFlags(rawValue: bpf_program__flags(program)), kernelFunctions: names)
    }

    /// The program after the kernel's rewrites.
    ///
    /// Without records, subprograms start at the targets of calls, and those of the input whose first instruction is
    /// live are left, in order.
    ///
    /// - Complexity: O(slots + records)
    func result(_ reader: borrowing ProgramReader, of input: Program, live: [Bool]?) -> Program {
        var insns = reader.insns.array(count: reader.insnCount)
        for index in insns.indices where insns[index].isMap { insns[index].imm = maps.number(ofID: insns[index].imm) }
        var result = Program(insns: insns)
        if tables == nil {
            let standing = input.subprograms.filter { live?[Int($0.start)] ?? true }
            result.subprograms = zip(Self.starts(in: insns), standing).map { Subprogram(start: $0, id: $1.id) }
            return result
        }
        result.subprograms = reader.functions.array(count: reader.functionCount).map {
            Subprogram(start: $0.start, id: functions.number(of: $0.id))
        }
        result.lines = reader.lines.array(count: reader.lineCount).map { line in
            LineRecord(insnOff: line.x, id: lines.number(of: SourcePlace(file: line.y, text: line.z, position: line.w)))
        }
        return result
    }

    /// The starts of subprograms in the result, in which a call has the number of a subprogram in one field and the
    /// offset in the other.
    ///
    /// - Source: `kernel/bpf/verifier.c`, `jit_subprogs`
    private static func starts(in insns: [Instruction]) -> [UInt32] {
        var starts: Set<Int> = [0]
        for (index, insn) in insns.enumerated() {
            if insn.jumpKind == .call {
                starts.insert(index + 1 + Int(insn.off))
            } else if insn.jumpKind == .function {
                starts.insert(index + 1 + Int(insn.imm))
            }
        }
        return starts.filter(insns.indices.contains).sorted().map(UInt32.init)
    }
}

extension Instruction {
    /// True if this names a map by descriptor or id, or a place in its value.
    fileprivate var isMap: Bool { isWide && (src == 1 || src == 2) }
    /// True if this calls a kernel function by its BTF id.
    fileprivate var isKernelFunction: Bool { code == 0x85 && src == 2 }

    /// Copies slots.
    static func all(_ slots: UnsafeRawPointer?, count: Int) -> [Instruction] {
        (0..<count).map { index in
            let bits = unsafe slots?.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) ?? 0
            return Instruction(bits: UInt64(littleEndian: bits))
        }
    }
}
