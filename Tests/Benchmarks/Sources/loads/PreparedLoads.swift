import BPF
import CBareLoads
import LinuxBPF

/// Programs for the loop in C, in memory at a fixed address.
@safe
final class PreparedLoads {
    private let programs: UnsafeMutableBufferPointer<bare_program>
    private var storage: [UnsafeMutableRawPointer] = unsafe []

    init(_ prepared: [PreparedProgram]) {
        unsafe programs = .allocate(capacity: prepared.count)
        for (number, program) in prepared.enumerated() {
            let entry = unsafe bare_program(
                insns: UnsafeRawPointer(keep(program.insns)), func_info: UnsafeRawPointer(keep(program.functions)),
                line_info: UnsafeRawPointer(keep(program.lines)),
                fd_array: UnsafePointer(keep(program.maps).assumingMemoryBound(to: Int32.self)),
                insn_cnt: UInt32(program.insns.count), func_info_cnt: UInt32(program.functions.count),
                line_info_cnt: UInt32(program.lines.count), prog_type: program.type.rawValue,
                expected_attach_type: program.attachType, attach_btf_id: program.attachTarget,
                prog_btf_fd: UInt32(program.types), prog_flags: program.flags.rawValue)
            unsafe programs.initializeElement(at: number, to: entry)
        }
    }

    deinit {
        for number in unsafe storage.indices { unsafe storage[number].deallocate() }
        unsafe programs.deallocate()
    }

    /// A copy of an array at a fixed address.
    @unsafe private func keep<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutableRawPointer {
        let bytes = elements.count * MemoryLayout<Element>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: 16)
        unsafe elements.withUnsafeBytes {
            unsafe memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: bytes)
        }
        unsafe storage.append(memory)
        return unsafe memory
    }

    /// Loads all programs in plain C, reads them back and unloads them; returns the number of successes.
    func run() -> Int { unsafe bare_loads(programs.baseAddress, programs.count) }
}
