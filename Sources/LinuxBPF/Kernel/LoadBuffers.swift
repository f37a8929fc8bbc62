import BPF
import CLibbpf
import Glibc
import KernelModel

/// The arguments of a load, in buffers that all loads share.
struct LoadBuffers: ~Copyable {
    private var insnStorage = Scratch<Instruction>(capacity: 4096)
    private var functionStorage = Scratch<Subprogram>(capacity: 64)
    private var lineStorage = Scratch<ProgramReader.Line>(capacity: 1024)
    private var insnCount = 0
    private var functionCount = 0
    private var lineCount = 0
    /// A bit for each kind of map in the program.
    private(set) var mapKinds: UInt64 = 0

    /// Copies the instructions, and replaces the numbers of kernel functions by their ids.
    ///
    /// - Throws: a refusal if a map or kernel function does not exist
    /// - Complexity: O(slots)
    mutating func take(_ program: LoadableProgram, _ types: inout KernelTypes) throws(LoadRefusal) {
        let insns = program.program.insns
        insnCount = insns.count
        insnStorage.reserve(insns.count)
        let row: UnsafeTypedBuffer<Slot, Instruction> = insnStorage.buffer()
        mapKinds = 0
        for (position, insn) in insns.enumerated() {
            var insn = insn
            if insn.code == 0x18 && (insn.src == 5 || insn.src == 6) {
                guard MapKind(rawValue: insn.imm) != nil else {
                    throw LoadRefusal(code: EINVAL, text: "no map of kind \(insn.imm)")
                }
                mapKinds |= 1 << UInt64(insn.imm)
            } else if insn.code == 0x85 && insn.src == 2 {
                let number = Int(insn.imm)
                guard program.kernelFunctions.indices.contains(number) else {
                    throw LoadRefusal(code: EINVAL, text: "no kernel function of number \(number)")
                }
                guard let id = types.function(program.kernelFunctions[number]) else {
                    throw LoadRefusal(code: ENOENT, text: "no kernel function \(program.kernelFunctions[number])")
                }
                insn.imm = Int32(bitPattern: id)
            }
            unsafe row[Slot(rawValue: UInt32(truncatingIfNeeded: position))] = insn
        }
    }

    /// Writes the function and line records. The number of a line takes the field for the place in a source file.
    ///
    /// - Complexity: O(records)
    mutating func takeRecords(_ program: Program, _ types: borrowing ProgramTypes) {
        functionCount = program.subprograms.count
        lineCount = program.lines.count
        functionStorage.reserve(functionCount)
        lineStorage.reserve(lineCount)
        let functions: UnsafeTypedBuffer<TableIndex, Subprogram> = functionStorage.buffer()
        let lines: UnsafeTypedBuffer<TableIndex, ProgramReader.Line> = lineStorage.buffer()
        var at: UInt32 = 0
        for subprogram in program.subprograms {
            unsafe functions[TableIndex(rawValue: at)] = Subprogram(
                start: subprogram.start, id: types.firstFunction &+ subprogram.id)
            at &+= 1
        }
        at = 0
        for line in program.lines {
            unsafe lines[TableIndex(rawValue: at)] = SIMD4(
                line.insnOff, types.ids.lineText, types.ids.lineText, LineNumber.encoded(line.id))
            at &+= 1
        }
    }

    /// Copies of the buffers.
    var insns: [Instruction] { buffer(of: insnStorage).array(count: insnCount) }
    var functions: [Subprogram] { buffer(of: functionStorage).array(count: functionCount) }
    var lines: [ProgramReader.Line] { buffer(of: lineStorage).array(count: lineCount) }

    private func buffer<Element>(of storage: borrowing Scratch<Element>) -> UnsafeTypedBuffer<TableIndex, Element> {
        storage.buffer()
    }

    /// The arguments of a load that are not in the buffers.
    struct Request {
        var type: ProgramType
        var attachType: UInt32
        var attachTarget: UInt32
        var flags: LoadFlags
        var logLevel: UInt32

        init(program: LoadableProgram, attachTarget: UInt32, logLevel: UInt32) {
            type = program.type
            attachType = program.attachType
            flags = program.flags
            self.attachTarget = attachTarget
            self.logLevel = logLevel
        }
    }

    /// Loads the program in the buffers.
    ///
    /// - Returns: a descriptor, or a negative `errno`
    func load(
        _ request: Request, _ types: borrowing ProgramTypes, _ maps: borrowing MapPool,
        _ log: UnsafeTypedBuffer<Slot, UInt8>
    ) -> Int32 {
        let insns: UnsafeTypedBuffer<Slot, Instruction> = insnStorage.buffer()
        let functions: UnsafeTypedBuffer<TableIndex, Subprogram> = functionStorage.buffer()
        let lines: UnsafeTypedBuffer<TableIndex, ProgramReader.Line> = lineStorage.buffer()
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = MemoryLayout<bpf_prog_load_opts>.size
        // A signal during a long verification ends it with EAGAIN.
        unsafe options.attempts = 100
        unsafe options.expected_attach_type = bpf_attach_type(rawValue: request.attachType)
        unsafe options.prog_flags = request.flags.rawValue
        unsafe options.attach_btf_id = request.attachTarget
        unsafe options.prog_btf_fd = UInt32(types.descriptor)
        unsafe options.fd_array = UnsafePointer(maps.descriptors.baseAddress)
        unsafe options.func_info = UnsafeRawPointer(functions.baseAddress)
        unsafe options.func_info_cnt = UInt32(truncatingIfNeeded: functionCount)
        unsafe options.func_info_rec_size = UInt32(MemoryLayout<Subprogram>.stride)
        unsafe options.line_info = UnsafeRawPointer(lines.baseAddress)
        unsafe options.line_info_cnt = UInt32(truncatingIfNeeded: lineCount)
        unsafe options.line_info_rec_size = UInt32(MemoryLayout<ProgramReader.Line>.stride)
        if request.logLevel != 0 {
            unsafe options.log_level = request.logLevel
            unsafe options.log_buf = UnsafeMutableRawPointer(log.baseAddress).assumingMemoryBound(to: CChar.self)
            unsafe options.log_size = UInt32(truncatingIfNeeded: min(log.capacity, LogBuffer.limit))
        }
        let result = unsafe bpf_prog_load(
            bpf_prog_type(rawValue: request.type.rawValue), nil, "GPL",
            UnsafeRawPointer(insns.baseAddress).assumingMemoryBound(to: bpf_insn.self), insnCount, &options)
        return result < 0 ? -errno : result
    }
}

/// The number of a line record in `line_col`, which has a line in the upper 22 bits and a column below.
enum LineNumber {
    /// Lines of a source file count from 1.
    static func encoded(_ id: UInt32) -> UInt32 { (id &+ 1) &<< 10 }
    static func decoded(_ place: UInt32) -> UInt32 { place &>> 10 &- 1 }
}
