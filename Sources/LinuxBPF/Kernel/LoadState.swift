import BPF
import CLibbpf
import Glibc
import KernelModel

/// What is kept from one load to the next.
struct LoadState: ~Copyable {
    private(set) var types: ProgramTypes
    private(set) var maps = MapPool()
    private var kernelTypes = KernelTypes()
    private(set) var buffers = LoadBuffers()
    var reader = ProgramReader()
    private var log = LogBuffer()

    init(types: consuming ProgramTypes) { self.types = types }

    /// Whether the kernel has BTF of its own.
    var hasKernelTypes: Bool { mutating get { kernelTypes.isThere } }

    /// Whether the kernel has a function of a name.
    mutating func hasKernelFunction(_ name: String) -> Bool { kernelTypes.function(name) != nil }

    /// Fills the buffers, and makes what the program needs and is not there yet; gives the BTF id of the attach target.
    ///
    /// - Throws: the refusal of a program that needs what this kernel does not have
    /// - Complexity: O(slots + records)
    mutating func prepare(_ program: LoadableProgram) throws(LoadRefusal) -> UInt32 {
        try buffers.take(program, &kernelTypes)
        do throws(KernelError) {
            if program.program.subprograms.count > Int(types.functionCount) {
                types = try ProgramTypes(functionCount: UInt32(program.program.subprograms.count) * 2)
                // A kptr is to a type of one BTF, and the next has others.
                maps.forgetTyped()
            }
            var missing = buffers.mapKinds & ~maps.made
            while missing != 0 {
                if let kind = MapKind(rawValue: Int32(missing.trailingZeroBitCount)) { try maps.prepare(kind, types) }
                missing &= missing &- 1
            }
        } catch {
            throw LoadRefusal(error)
        }
        buffers.takeRecords(program.program, types)
        guard let name = program.attachTarget else { return 0 }
        guard let target = kernelTypes.attachTarget(name, attachType: program.attachType) else {
            throw LoadRefusal(code: ENOENT, text: "no attach target \(name)")
        }
        return target
    }

    /// Loads what was prepared; gives a descriptor or a negative `errno`.
    ///
    /// - Parameter logLevel: 0 for no log, else what the verifier writes goes to the buffer
    /// - Throws: the refusal of a program whose load needs capabilities given up that cannot be
    mutating func submit(
        _ program: LoadableProgram, _ target: UInt32, logLevel: UInt32 = 0
    ) throws(LoadRefusal) -> Int32 {
        let request = LoadBuffers.Request(program: program, attachTarget: target, logLevel: logLevel)
        if program.privilege == .all { return buffers.load(request, types, maps, log.row) }
        do throws(KernelError) {
            // What a program shows of the kernel's addresses hangs on who loaded it, and CAP_SYSLOG on nothing else here.
            let capabilities: Capabilities = [.bpf, .netAdmin, .syslog]
            return try capabilities.whileAlone { buffers.load(request, types, maps, log.row) }
        } catch {
            throw LoadRefusal(error)
        }
    }

    /// Loads what was prepared once more, for the line that says why it is refused.
    mutating func refusal(of program: LoadableProgram, _ target: UInt32, code: Int32) -> LoadRefusal {
        do throws(KernelError) {
            _ = try writeLog(of: program, target, level: 1, isEndEnough: true)
            if let complaint = VerifierLog(log.ending).complaint { return LoadRefusal(code: code, text: complaint) }
        } catch {
            return LoadRefusal(code: code, text: "\(Self.words(for: code)); \(error)")
        }
        return LoadRefusal(code: code, text: Self.words(for: code))
    }

    /// What a refusal without a log means.
    ///
    /// - Source: `include/linux/bpf.h`, `BPF_COMPLEXITY_LIMIT_INSNS`
    private static func words(for code: Int32) -> String {
        code == E2BIG ? "the verifier looks at no more than a million instructions" : LibbpfLog.words(for: code)
    }

    /// What the verifier saw of a program that was prepared, one entry a slot.
    ///
    /// - Throws: ``KernelError`` when the program is refused, or the log cannot be had
    mutating func seen(_ program: LoadableProgram, _ target: UInt32) throws(KernelError) -> [Bool] {
        let result = try writeLog(of: program, target, level: 2)
        if result < 0 { throw KernelError(.log, code: -result, VerifierLog(log.ending).complaint) }
        return log.seen(slots: program.program.insns.count)
    }

    /// Lets the verifier write about a program that was prepared, and whether it accepts it.
    ///
    /// - Parameter isEndEnough: whether the end of a log that is very long will do
    /// - Throws: ``KernelError`` when the log does not fit into a GiB
    private mutating func writeLog(
        of program: LoadableProgram, _ target: UInt32, level: UInt32, isEndEnough: Bool = false
    ) throws(KernelError) -> Int32 {
        while true {
            log.clear()
            let result: Int32
            do throws(LoadRefusal) {
                result = try submit(program, target, logLevel: level)
            } catch {
                throw KernelError(.log, code: error.code, error.text)
            }
            if result >= 0 { close(result) }
            // Kernels before 6.4 keep the start of a log that is too long, later ones its end; all say so.
            if result != -ENOSPC || isEndEnough && log.row.capacity >= LogBuffer.longEnd { return min(result, 0) }
            if !log.grow() { throw KernelError(.log, code: ENOSPC, "it is longer than \(LogBuffer.limit) bytes") }
        }
    }
}
