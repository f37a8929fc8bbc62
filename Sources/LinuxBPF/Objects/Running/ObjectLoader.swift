import BPF
import CLibbpf
import Glibc

/// Loads the programs of objects into the running kernel through libbpf, each by itself, and reads back what it made of them.
///
/// Nothing is run, attached or pinned: all that is made has a descriptor, and goes with it. A program is loaded with all
/// maps of its object; one that the kernel refuses hides no other.
@safe public final class ObjectLoader {
    private let log: LogBuffer
    private let kernelTypes: OpaquePointer?

    /// Reads the types of the running kernel, for the names of its functions.
    ///
    /// - Throws: ``KernelError`` when there is no memory
    public init() throws(ObjectError) {
        do throws(LibbpfLoader.Refusal) {
            log = try LogBuffer()
        } catch {
            throw ObjectError(object: "log", .refused(error.message))
        }
        unsafe kernelTypes = btf__load_vmlinux_btf()
    }

    deinit { unsafe btf__free(kernelTypes) }

    /// Loads each program of an object in each of the given ways.
    ///
    /// - Parameters:
    ///   - flags: the ways, each by what is added to the flags that the object asks for
    ///   - take: is given each program, in the order of the object
    /// - Throws: ``ObjectError`` when no program of the object can be looked at
    public func load(
        _ path: String, flags: [LoadFlags] = [[], .testRndHi32], taking take: (ObjectLoad) -> Void
    ) throws(ObjectError) {
        let bytes = try ObjectFile.bytes(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        do throws(LibbpfLoader.Refusal) {
            try LibbpfLoader.alone { () throws(LibbpfLoader.Refusal) in
                // Not read twice: libbpf reads the kernel's configuration where there is one.
                let (kinds, madeUp) = unsafe try LibbpfLoader.withObject(bytes, name) { object in
                    unsafe (
                        LibbpfLoader.programs(of: object).map { unsafe LibbpfLoader.Kind($0) },
                        LibbpfLoader.configuration(for: object)
                    )
                }
                let configuration = Self.isConfigurationThere ? nil : madeUp
                let caught = (try? LibbpfLoader.capturedOutcomes(of: bytes, name: name)) ?? []
                for (number, kind) in kinds.enumerated() {
                    var tables: LoadedCode?
                    if number < caught.count, case .loaded(let code) = caught[number], code.name == kind.name {
                        tables = code
                    }
                    let job = Job(bytes: bytes, name: name, configuration: configuration, number: number, tables: tables)
                    var load = ObjectLoad(object: path, name: kind.name, section: kind.section, outcomes: [])
                    var live: [Bool]?
                    for (round, flags) in flags.enumerated() {
                        let outcome = outcome(of: job, flags, live: &live, isFirst: round == 0)
                        load.outcomes.append((flags, outcome))
                        // What is refused in one way is so in each.
                        if case .refused = outcome { break }
                    }
                    take(load)
                }
                if kinds.isEmpty { throw LibbpfLoader.Refusal(message: "") }
            }
        } catch {
            throw ObjectError(object: path, error.message.isEmpty ? .noProgram : .refused(error.message))
        }
    }
    
    /// Whether the configuration of the running kernel is where libbpf looks for it.
    private static var isConfigurationThere: Bool {
        var machine = utsname()
        unsafe uname(&machine)
        let release = unsafe withUnsafeBytes(of: &machine.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let places = ["/boot/config-\(release)", "/proc/config.gz"]
        return places.contains { (place: String) in unsafe access(place, R_OK) == 0 }
    }

    /// One program of an object, to be loaded.
    private struct Job {
        var bytes: [UInt8]
        var name: String
        var configuration: String?
        /// The number of the program in the object.
        var number: Int
        /// The program as libbpf prepared it, with its tables; its instructions are not relocated.
        var tables: LoadedCode?
    }

    /// Loads a program in one way; for the first, finds out what is live in it.
    private func outcome(
        of job: Job, _ flags: LoadFlags, live: inout [Bool]?, isFirst: Bool
    ) -> ObjectLoad.Outcome {
        var known = live
        var outcome = loaded(job, flags, live: &known, isLogged: isFirst)
        if outcome == nil { outcome = loaded(job, flags, live: &known, isLogged: false) }
        live = known
        return outcome ?? .refused("the log of the verifier has no room")
    }

    /// Opens the object, loads the one program, and reads it back; `nil` when only the log was too long.
    private func loaded(
        _ job: Job, _ flags: LoadFlags, live: inout [Bool]?, isLogged: Bool
    ) -> ObjectLoad.Outcome? {
        var known = live
        defer { live = known }
        do throws(LibbpfLoader.Refusal) {
            return unsafe try LibbpfLoader.withObject(job.bytes, job.name, job.configuration) { object in
                let all = unsafe LibbpfLoader.programs(of: object)
                for index in unsafe 0..<all.count {
                    _ = unsafe bpf_program__set_autoload(all[index], index == job.number)
                }
                unsafe Self.prepareMaps(of: object)
                let program = unsafe all[job.number]
                _ = unsafe bpf_program__set_flags(program, bpf_program__flags(program) | flags.rawValue)
                if isLogged { unsafe log.attach(to: program) }
                let result = unsafe bpf_object__load(object)
                if result == -ENOSPC && isLogged { return nil }
                if result != 0 {
                    return .refused((isLogged ? log.lastLine : nil) ?? LibbpfLog.reason(code: result))
                }
                do throws(LibbpfLoader.Refusal) {
                    let reading = unsafe LoadedReading(object: object, program: program, kernelTypes: kernelTypes)
                    var loaded = try reading.program(tables: job.tables, flags: flags)
                    if isLogged { known = loaded.input.program.liveness(seen: log.seen(slots: loaded.input.program.insns.count)) }
                    loaded.live = known
                    return .loaded(loaded)
                } catch {
                    return .refused(error.message)
                }
            }
        } catch {
            return .refused(error.message)
        }
    }

    /// Sees that maps can be made and that none of them outlives the object.
    private static func prepareMaps(of object: OpaquePointer) {
        var map = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            // A pinned map is looked up in, and pinned to, the BPF file system.
            _ = unsafe bpf_map__set_pin_path(current, nil)
            unsafe map = bpf_object__next_map(object, current)
        }
    }
}

extension Program {
    /// What the verifier saw, with the second slot of a wide load as its first.
    func liveness(seen: [Bool]) -> [Bool] {
        var live = seen
        for index in insns.indices.dropFirst() where insns[index - 1].isWide { live[index] = live[index - 1] }
        return live
    }
}
extension ObjectLoader {
    public static func files(_ paths: [String]) -> [String] {
        ObjectPaths(paths).entries.compactMap { if case .file(let f) = $0 { f } else { nil } }
    }
}
