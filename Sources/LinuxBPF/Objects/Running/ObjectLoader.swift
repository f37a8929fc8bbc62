import BPF
import CLibbpf
import Glibc
import KernelModel

/// Loads the programs of objects into the running kernel through libbpf, each by itself, and reads back what it made of
/// them.
///
/// Nothing is run, attached or pinned: all that is made has a descriptor, and goes with it. A program is loaded with all
/// maps of its object; one that the kernel refuses hides no other. For one thread at a time.
///
/// libbpf has the loaded instructions (`bpf_program__insns`), but not the function and line records that it loads with them.
/// ``ObjectCode`` has these: they depend on the object alone.
package final class ObjectLoader {
    private let state: UncheckedBox<State>

    /// What is kept from one program to the next.
    private struct State: ~Copyable {
        var reader = ProgramReader()
        var kernelTypes = KernelTypes()
        var log: LogBuffer
    }

    /// Finds out whether programs may be loaded.
    ///
    /// - Throws: ``KernelError``, which says what is missing and how to get it
    package convenience init() throws(KernelError) {
        // A kernel refuses to set more aside than there is.
        try self.init(logCapacity: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2)
    }

    /// - Parameter logCapacity: how long a log of the verifier may be, in bytes
    init(logCapacity: Int) throws(KernelError) {
        try KernelRights.check()
        state = UncheckedBox(State(log: LogBuffer(capacity: logCapacity)))
    }

    /// Loads each program of an object with each of the given sets of flags.
    ///
    /// - Parameters:
    ///   - flags: what is added to the flags that the object asks for
    ///   - options: the types of the programs, in place of those that their sections name
    ///   - emit: called with the number of programs, then after each program
    /// - Throws: ``ObjectError`` when no program of the object can be looked at
    package func load(
        _ path: String, flags: [LoadFlags] = [[], .testRndHi32], options: LoadOptions = LoadOptions(),
        _ emit: (ObjectLoad.Event) -> Void
    ) throws(ObjectError) {
        let code = try Self.code(of: path)
        do throws(LibbpfLoader.Refusal) {
            try LibbpfLoader.alone { () throws(LibbpfLoader.Refusal) in
                let target = if let wanted = options.target { try target(wanted) } else { TargetFunction?.none }
                defer { if let target { close(target.descriptor) } }
                let object = try RunnableObject(path: path, code: code, options: options, target: target)
                emit(.object(programs: object.kinds.map(\.name)))
                for number in object.kinds.indices {
                    let kind = object.kinds[number]
                    emit(
                        .program(
                            ObjectLoad(
                                object: path, name: kind.name, section: kind.section,
                                outcomes: outcomes(of: object, number, flags))))
                }
            }
        } catch {
            throw ObjectError(object: path, error.isOfTarget ? .notLoaded(error.message) : .refused(error.message))
        }
    }

    /// Loads each program of an object with each of the given sets of flags.
    ///
    /// - Throws: ``ObjectError`` when no program of the object can be looked at
    package func load(
        _ path: String, flags: [LoadFlags] = [[], .testRndHi32], options: LoadOptions = LoadOptions()
    ) throws(ObjectError) -> [ObjectLoad] {
        var loads: [ObjectLoad] = []
        try load(path, flags: flags, options: options) { event in
            if case .program(let load) = event { loads.append(load) }
        }
        return loads
    }

    /// The code of an object that this machine can load.
    private static func code(of path: String) throws(ObjectError) -> ObjectCode {
        let bytes = try ObjectFile.bytes(of: path)
        let code: ObjectCode
        do throws(ELFFault) { code = try ObjectCode(bytes) } catch {
            throw ObjectError(object: path, .broken("\(error)"))
        }
        if code.file.reader.isBigEndian { throw ObjectError(object: path, .bigEndian) }
        if code.programs.isEmpty { throw ObjectError(object: path, .noProgram) }
        return code
    }

    /// Opens or loads the program to which others attach.
    private func target(_ target: TargetProgram) throws(LibbpfLoader.Refusal) -> TargetFunction {
        switch target {
        case .loaded(let id):
            let descriptor = bpf_prog_get_fd_by_id(id)
            if descriptor >= 0 { return TargetFunction(descriptor: descriptor, name: nil) }
            throw LibbpfLoader.Refusal(
                message: "target program \(id): \(LibbpfLog.words(for: errno))", isOfTarget: true)
        case .inObject(let path, let name):
            let code: ObjectCode
            do throws(ObjectError) { code = try Self.code(of: path) } catch {
                throw LibbpfLoader.Refusal(message: "target program: \(error)", isOfTarget: true)
            }
            let object = try RunnableObject(path: path, code: code)
            guard let number = object.kinds.firstIndex(where: { name == nil || $0.name == name }) else {
                throw LibbpfLoader.Refusal(
                    message: "target program: \(path) has no program '\(name ?? "")'", isOfTarget: true)
            }
            let kind = object.kinds[number]
            let loaded = unsafe try LibbpfLoader.withObject(
                object.bytes, object.name, object.configuration
            ) { opened throws(LibbpfLoader.Refusal) -> Int32 in
                let program = unsafe try object.choose(number, of: opened)
                let result = unsafe bpf_object__load(opened)
                if result != 0 {
                    throw LibbpfLoader.Refusal(
                        message: "target program '\(kind.name)' of \(path): \(LibbpfLog.reason(code: result))",
                        isOfTarget: true)
                }
                // The object closes its descriptor when it is closed.
                return unsafe fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3)
            }
            return TargetFunction(descriptor: loaded, name: kind.name)
        }
    }

    /// Loads one program with each set of flags.
    private func outcomes(of object: RunnableObject, _ number: Int, _ flags: [LoadFlags]) -> [ObjectLoad.Outcome] {
        var outcomes: [ObjectLoad.Outcome] = []
        var live: [Bool]?
        for (round, flags) in flags.enumerated() {
            var outcome: ObjectLoad.Outcome?
            // What the verifier sees does not hang on flags that only rewrite.
            if round == 0 { outcome = load(object, number, flags, live: nil, isLogged: true) }
            switch outcome ?? load(object, number, flags, live: live, isLogged: false) {
            case .loaded(let loaded):
                live = loaded.live
                outcomes.append(.loaded(loaded))
            case .refused(let reason):
                return outcomes + [.refused(reason)]
            case nil:
                return outcomes
            }
        }
        return outcomes
    }

    /// Opens the object, loads one program of it, and reads that back; `nil` when only the log was too long.
    ///
    /// - Parameters:
    ///   - live: what is known of that from an earlier load
    ///   - isLogged: whether it is to be found out now
    private func load(
        _ object: RunnableObject, _ number: Int, _ flags: LoadFlags, live: [Bool]?, isLogged: Bool
    ) -> ObjectLoad.Outcome? {
        defer { unsafe state.value.log.release() }
        do throws(LibbpfLoader.Refusal) {
            return unsafe try LibbpfLoader.withObject(
                object.bytes, object.name, object.configuration
            ) { opened throws(LibbpfLoader.Refusal) -> ObjectLoad.Outcome? in
                let program = unsafe try object.choose(number, of: opened)
                let given = unsafe bpf_program__flags(program)
                _ = unsafe bpf_program__set_flags(program, given | flags.rawValue)
                if isLogged {
                    unsafe state.value.log.clear()
                    let row = unsafe state.value.log.row
                    let start = unsafe UnsafeMutableRawPointer(row.baseAddress).assumingMemoryBound(to: CChar.self)
                    _ = unsafe bpf_program__set_log_buf(program, start, row.capacity)
                    _ = unsafe bpf_program__set_log_level(program, 2)
                }
                let result = unsafe bpf_object__load(opened)
                if result == -ENOSPC && isLogged { return nil }
                if result != 0 {
                    let complaint = unsafe isLogged ? VerifierLog(state.value.log.ending).complaint : nil
                    return .refused(complaint ?? LibbpfLog.reason(code: result))
                }
                return unsafe read(opened, program, object.prepared[number], live: live, isLogged: isLogged)
            }
        } catch {
            return .refused(error.message)
        }
    }

    /// Reads back a program that was loaded.
    private func read(
        _ object: OpaquePointer, _ program: OpaquePointer, _ prepared: LoadedCode?, live: [Bool]?,
        isLogged: Bool
    ) -> ObjectLoad.Outcome {
        let number = unsafe bpf_program__type(program).rawValue
        guard let type = ProgramType(rawValue: number) else {
            return .refused("loaded, but type \(number) is not known")
        }
        do throws(KernelError) {
            unsafe try state.value.reader.read(bpf_program__fd(program))
        } catch {
            return .refused("loaded, but \(error)")
        }
        let reading = unsafe LoadedReading(object, program, prepared: prepared, state.value.reader)
        let input = unsafe reading.input(type, &state.value.kernelTypes)
        var live = live
        if isLogged {
            var seen = unsafe state.value.log.seen(slots: input.program.insns.count)
            input.program.spreadOverWideLoads(&seen)
            live = seen
        }
        return unsafe .loaded(
            LoadedObjectProgram(
                input: input, live: live, result: reading.result(state.value.reader, of: input.program, live: live),
                isWithoutRecords: reading.isWithoutRecords))
    }
}
