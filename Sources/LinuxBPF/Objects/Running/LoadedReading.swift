import BPF
import CLibbpf
import Glibc

/// Reads a program that libbpf has loaded: what it handed over and what the kernel has of it.
@safe struct LoadedReading {
    let object: OpaquePointer
    let program: OpaquePointer
    let kernelTypes: OpaquePointer?

    /// Both, with the ids of ``RecordNames``.
    ///
    /// - Parameter tables: the program's tables, as libbpf prepared them
    /// - Throws: what the kernel says when it does not give the program back
    func program(tables: LoadedCode?, flags: LoadFlags) throws(LibbpfLoader.Refusal) -> LoadedObjectProgram {
        let handed = handedOver()
        let read = try readBack()
        let maps = unsafe MapNumbers(of: object)
        var functions = read.functionStarts.isEmpty ? nil : tables
        if tables?.insns.count != handed.count { functions = nil }
        let functionIDs = FirstPlaces(functions?.names.functions ?? [])
        let lineIDs = FirstPlaces(functions?.names.lines ?? [])

        var names: [String] = []
        var input = Program(insns: handed)
        for index in handed.indices {
            let insn = handed[index]
            if insn.code == 0x18 && (insn.src == 1 || insn.src == 2) {
                input.insns[index].imm = maps.number(ofDescriptor: insn.imm)
            } else if insn.code == 0x85 && insn.src == 2 {
                input.insns[index].imm = Int32(names.count)
                names.append(functionName(insn))
            }
        }
        input.subprograms = Self.subprograms(functions, functionIDs, of: handed)
        if let functions { input.lines = Self.lines(functions, lineIDs) }

        var result = Program(insns: read.insns)
        for index in read.insns.indices {
            let insn = read.insns[index]
            if insn.code == 0x18 && (insn.src == 1 || insn.src == 2) {
                result.insns[index].imm = maps.number(ofID: insn.imm)
            }
        }
        result.subprograms = Self.subprograms(functions == nil ? nil : read, functionIDs, of: read.insns)
        if functions != nil { result.lines = Self.lines(read, lineIDs) }
        let type = unsafe bpf_program__type(program).rawValue
        guard let known = ProgramType(rawValue: type) else {
            throw LibbpfLoader.Refusal(message: "programs of type \(type) are not known here")
        }
        return unsafe LoadedObjectProgram(
            input: LoadableProgram(
                program: input, type: known, attachType: bpf_program__expected_attach_type(program).rawValue,
                flags: LoadFlags(rawValue: bpf_program__flags(program)), kernelFunctions: names),
            live: nil, result: result)
    }

    // MARK: Tables

    private static func subprograms(
        _ code: LoadedCode?, _ ids: FirstPlaces<UInt32>, of insns: [Instruction]
    ) -> [Subprogram] {
        guard let code else { return Program(LoadedCode(insns: insns)).subprograms }
        return zip(code.functionStarts, code.names.functions).map { Subprogram(start: $0, id: ids.number(of: $1)) }
    }

    private static func lines(_ code: LoadedCode, _ ids: FirstPlaces<SourcePlace>) -> [LineRecord] {
        zip(code.lineStarts, code.names.lines).map { LineRecord(insnOff: $0, id: ids.number(of: $1)) }
    }

    // MARK: libbpf

    /// The instructions that went to the kernel: after a load, libbpf still has them as they were.
    private func handedOver() -> [Instruction] {
        let slots = unsafe UnsafeRawPointer(bpf_program__insns(program))
        return unsafe Self.instructions(slots, count: bpf_program__insn_cnt(program))
    }

    /// Copies slots.
    private static func instructions(_ slots: UnsafeRawPointer?, count: Int) -> [Instruction] {
        (0..<count).map { index in
            let bits = unsafe slots?.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) ?? 0
            return Instruction(bits: UInt64(littleEndian: bits))
        }
    }

    /// The name of the kernel function that a call names by its BTF id.
    private func functionName(_ call: Instruction) -> String {
        guard call.off == 0, let types = unsafe kernelTypes,
            let type = unsafe btf__type_by_id(types, UInt32(bitPattern: call.imm)),
            let name = unsafe btf__name_by_offset(types, type.pointee.name_off)
        else { return "\(call.imm) of module \(call.off)" }
        return unsafe String(cString: name)
    }

    // MARK: Kernel

    /// What the kernel has of the program, with its tables.
    private func readBack() throws(LibbpfLoader.Refusal) -> LoadedCode {
        let descriptor = unsafe bpf_program__fd(program)
        var info = bpf_prog_info()
        try Self.read(&info, of: descriptor)
        let insnBytes = Int(info.xlated_prog_len)
        let functionBytes = Int(info.nr_func_info) * Int(info.func_info_rec_size)
        let lineBytes = Int(info.nr_line_info) * Int(info.line_info_rec_size)
        let room = UnsafeMutableRawPointer.allocate(
            byteCount: insnBytes + functionBytes + lineBytes + 8, alignment: 8)
        defer { unsafe room.deallocate() }
        let functionRoom = unsafe room + insnBytes
        let lineRoom = unsafe functionRoom + functionBytes
        var second = bpf_prog_info()
        second.xlated_prog_len = info.xlated_prog_len
        second.xlated_prog_insns = UInt64(UInt(bitPattern: room))
        second.nr_func_info = info.nr_func_info
        second.func_info_rec_size = info.func_info_rec_size
        second.func_info = UInt64(UInt(bitPattern: functionRoom))
        second.nr_line_info = info.nr_line_info
        second.line_info_rec_size = info.line_info_rec_size
        second.line_info = UInt64(UInt(bitPattern: lineRoom))
        try Self.read(&second, of: descriptor)
        if second.xlated_prog_insns == 0 {
            throw LibbpfLoader.Refusal(message: "the kernel does not give instructions back: kernel.kptr_restrict is 2")
        }
        var code = LoadedCode(insns: unsafe Self.instructions(UnsafeRawPointer(room), count: insnBytes / 8))
        let functions = unsafe InfoRecords(
            UnsafeRawPointer(functionRoom), count: second.nr_func_info, size: second.func_info_rec_size)
        let lines = unsafe InfoRecords(
            UnsafeRawPointer(lineRoom), count: second.nr_line_info, size: second.line_info_rec_size)
        code.functionStarts = functions.words(at: 0)
        code.lineStarts = lines.words(at: 0)
        code.names = RecordNames(functions: functions.words(at: 1), lines: SourcePlace.all(in: lines))
        return code
    }

    private static func read(_ info: inout bpf_prog_info, of descriptor: Int32) throws(LibbpfLoader.Refusal) {
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        let result = unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length)
        if result != 0 { throw LibbpfLoader.Refusal(message: LibbpfLog.words(for: result)) }
    }
}

/// The numbers of an object's maps, by what stands for them in instructions.
private struct MapNumbers {
    private var descriptors: [Int32: Int32] = [:]
    private var ids: [Int32: Int32] = [:]

    init(of object: OpaquePointer) {
        var map = unsafe bpf_object__next_map(object, nil)
        var number: Int32 = 0
        while let current = unsafe map {
            let descriptor = unsafe bpf_map__fd(current)
            var info = bpf_map_info()
            var length = UInt32(MemoryLayout<bpf_map_info>.size)
            if descriptor >= 0 {
                descriptors[descriptor] = number
                if unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 {
                    ids[Int32(bitPattern: info.id)] = number
                }
            }
            number += 1
            unsafe map = bpf_object__next_map(object, current)
        }
    }

    /// The number of the map with a descriptor, or what no map has.
    func number(ofDescriptor descriptor: Int32) -> Int32 { descriptors[descriptor] ?? -1 }
    /// The number of the map with an id, or what no map has.
    func number(ofID id: Int32) -> Int32 { ids[id] ?? -2 }
}
