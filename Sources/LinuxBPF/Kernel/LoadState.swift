import BPF
import CLibbpf
import Glibc
import KernelModel

/// The BTF, maps and buffers that loads share.
struct LoadState: ~Copyable {
    private(set) var types: ProgramTypes
    private(set) var maps = MapPool()
    private var kernelTypes = KernelTypes()
    private(set) var buffers = LoadBuffers()
    var reader = ProgramReader()
    private var log = LogBuffer()

    init(types: consuming ProgramTypes) { self.types = types }

    /// True if the kernel has BTF of its own.
    var hasKernelTypes: Bool { mutating get { kernelTypes.isThere } }

    /// Returns true if the kernel has a function with a name.
    mutating func hasKernelFunction(_ name: String) -> Bool { kernelTypes.function(name) != nil }

    /// The places of the functions and fields that the kernel writes into programs, as far as it says.
    ///
    /// - Complexity: O(symbols + types)
    mutating func layout() -> KernelLayout {
        let names =
            Array(KernelLayout.functionsOfHelpers.values) + KernelLayout.functionsOfRewrites
            + KernelFacts.knownFunctions
        var layout = KernelLayout(functions: KernelSymbols.addresses(of: Set(names)))
        for path in KernelLayout.knownFields { layout.fields[path] = kernelTypes.offset(of: path) }
        return layout
    }

    /// Fills the buffers, and makes the maps and types of the program that are missing.
    ///
    /// - Returns: the BTF id of the attach target, or 0
    /// - Throws: a refusal if this kernel lacks something that the program needs
    /// - Complexity: O(slots + records)
    mutating func prepare(_ program: LoadableProgram) throws(LoadRefusal) -> UInt32 {
        try buffers.take(program, &kernelTypes)
        do throws(KernelError) {
            if program.program.subprograms.count > Int(types.functionCount) {
                types = try ProgramTypes(functionCount: UInt32(program.program.subprograms.count) * 2)
                // A kptr points to a type of one BTF, and the new BTF has other types.
                maps.forgetTyped(types)
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

    /// Loads the prepared program.
    ///
    /// - Parameter logLevel: 0 for no log, else the level of the log in the buffer
    /// - Returns: a descriptor, or a negative `errno`
    /// - Throws: a refusal if the capabilities for the load cannot be given up
    mutating func submit(
        _ program: LoadableProgram, _ target: UInt32, logLevel: UInt32 = 0
    ) throws(LoadRefusal) -> Int32 {
        let request = LoadBuffers.Request(program: program, attachTarget: target, logLevel: logLevel)
        if program.privilege == .all { return buffers.load(request, types, maps, log.row) }
        do throws(KernelError) {
            // Only with CAP_SYSLOG does the dump of a program show addresses.
            let capabilities: Capabilities = [.bpf, .netAdmin, .syslog]
            return try capabilities.whileAlone { buffers.load(request, types, maps, log.row) }
        } catch {
            throw LoadRefusal(error)
        }
    }

    /// Loads the prepared program again, for the line with the reason of its refusal.
    mutating func refusal(of program: LoadableProgram, _ target: UInt32, code: Int32) -> LoadRefusal {
        do throws(KernelError) {
            _ = try writeLog(of: program, target, level: 1, isEndEnough: true)
            if let complaint = VerifierLog(log.ending).complaint { return LoadRefusal(code: code, text: complaint) }
        } catch {
            return LoadRefusal(code: code, text: "\(Self.words(for: code)); \(error)")
        }
        return LoadRefusal(code: code, text: Self.words(for: code))
    }

    /// The meaning of a refusal without a log.
    ///
    /// - Source: `include/linux/bpf.h`, `BPF_COMPLEXITY_LIMIT_INSNS`
    private static func words(for code: Int32) -> String {
        code == E2BIG ? LoadRefusal.tooManyInstructions : LibbpfLog.words(for: code)
    }

    /// For each slot of a prepared program, true if the verifier saw it.
    ///
    /// - Parameter isRefused: true for a program that the kernel refuses after its verification
    /// - Throws: ``KernelError`` if the program is refused unexpectedly, or there is no log
    mutating func seen(
        _ program: LoadableProgram, _ target: UInt32, isRefused: Bool
    ) throws(KernelError) -> [Bool] {
        let result = try writeLog(of: program, target, level: 2)
        if result < 0 && !isRefused { throw KernelError(.log, code: -result, VerifierLog(log.ending).complaint) }
        return log.seen(slots: program.program.insns.count)
    }

    /// Loads the prepared program with a log.
    ///
    /// - Parameter isEndEnough: true if only the end of a very long log is needed
    /// - Returns: 0 if the program is accepted, else a negative `errno`
    /// - Throws: ``KernelError`` if the log does not fit into a GiB
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
            // Kernels before 6.4 keep the start of a log that is too long, later ones its end; all return ENOSPC.
            if result != -ENOSPC || isEndEnough && log.row.capacity >= LogBuffer.longEnd { return min(result, 0) }
            if !log.grow() { throw KernelError(.log, code: ENOSPC, "it is longer than \(LogBuffer.limit) bytes") }
        }
    }
}
