import BPF
import CLibbpf
import Glibc

/// Reads programs back: the rewritten instructions, and the function and line records.
///
/// All reads share the buffers, which grow if they are too small.
package struct ProgramReader: ~Copyable {
    /// `struct bpf_line_info`: slot, file name, text and `line_col`.
    package typealias Line = SIMD4<UInt32>

    private var insnStorage = Scratch<Instruction>(capacity: 4096)
    private var functionStorage = Scratch<Subprogram>(capacity: 64)
    private var lineStorage = Scratch<Line>(capacity: 1024)
    /// The number of each since the last ``read(_:)``.
    package private(set) var insnCount = 0
    package private(set) var functionCount = 0
    package private(set) var lineCount = 0

    package init() {}

    /// The instructions in `xlated_prog_insns`.
    package var insns: UnsafeTypedBuffer<Slot, Instruction> { insnStorage.buffer() }
    /// The function records: the start of each, and the id of its type in the BTF of the program.
    package var functions: UnsafeTypedBuffer<TableIndex, Subprogram> { functionStorage.buffer() }
    /// The line records.
    package var lines: UnsafeTypedBuffer<TableIndex, Line> { lineStorage.buffer() }

    /// Reads one program.
    ///
    /// - Throws: ``KernelError`` if the kernel returns no instructions
    /// - Complexity: O(instructions + records)
    /// - Source: `kernel/bpf/syscall.c`, `bpf_prog_get_info_by_fd`
    package mutating func read(_ descriptor: Int32) throws(KernelError) {
        while true {
            let insnRow: UnsafeTypedBuffer<Slot, Instruction> = insnStorage.buffer()
            let functionRow: UnsafeTypedBuffer<TableIndex, Subprogram> = functionStorage.buffer()
            let lineRow: UnsafeTypedBuffer<TableIndex, Line> = lineStorage.buffer()
            var info = bpf_prog_info()
            info.xlated_prog_len = UInt32(truncatingIfNeeded: insnRow.capacity * 8)
            info.xlated_prog_insns = unsafe UInt64(UInt(bitPattern: insnRow.baseAddress))
            info.func_info_rec_size = UInt32(MemoryLayout<Subprogram>.stride)
            info.nr_func_info = UInt32(truncatingIfNeeded: functionRow.capacity)
            info.func_info = unsafe UInt64(UInt(bitPattern: functionRow.baseAddress))
            info.line_info_rec_size = UInt32(MemoryLayout<Line>.stride)
            info.nr_line_info = UInt32(truncatingIfNeeded: lineRow.capacity)
            info.line_info = unsafe UInt64(UInt(bitPattern: lineRow.baseAddress))
            var size = UInt32(MemoryLayout<bpf_prog_info>.size)
            if unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) != 0 { throw KernelError(.read, code: errno) }
            insnCount = Int(info.xlated_prog_len) / 8
            functionCount = Int(info.nr_func_info)
            lineCount = Int(info.nr_line_info)
            if insnCount == 0 || info.xlated_prog_insns == 0 {
                throw KernelError(
                    .read, code: EPERM,
                    "its instructions are withheld: CAP_BPF is missing, or constants are blinded and CAP_SYSLOG is missing"
                )
            }
            if insnCount <= insnRow.capacity && functionCount <= functionRow.capacity && lineCount <= lineRow.capacity {
                return
            }
            insnStorage.reserve(insnCount)
            functionStorage.reserve(functionCount)
            lineStorage.reserve(lineCount)
        }
    }

    /// Copies the result of the last read to a program, and reuses its arrays. Ids of functions are relative to
    /// `firstFunction`.
    ///
    /// - Complexity: O(slots + records)
    func copy(to program: inout Program, firstFunction: UInt32) {
        program.insns.removeAll(keepingCapacity: true)
        program.aux.removeAll(keepingCapacity: true)
        program.subprograms.removeAll(keepingCapacity: true)
        program.lines.removeAll(keepingCapacity: true)
        unsafe program.insns.append(contentsOf: UnsafeBufferPointer(start: insns.baseAddress, count: insnCount))
        program.aux.append(contentsOf: repeatElement(0, count: insnCount))
        for number in 0..<functionCount {
            let record = unsafe functions[TableIndex(number)]
            program.subprograms.append(Subprogram(start: record.start, id: record.id &- firstFunction))
        }
        program.lines.reserveCapacity(lineCount)
        for number in 0..<lineCount {
            let record = unsafe lines[TableIndex(number)]
            program.lines.append(LineRecord(insnOff: record.x, id: LineNumber.decoded(record.w)))
        }
    }
}
