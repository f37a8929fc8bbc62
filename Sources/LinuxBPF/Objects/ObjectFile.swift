import BPF

/// An ELF object with BPF programs, read by libbpf without the kernel and without privileges.
///
/// Reading is safe from any thread; libbpf has state of its own, so one object is read at a time.
package struct ObjectFile: Hashable, Sendable {
    /// Where the object was read from.
    package var path: String
    /// The well-formed programs, in the order of the object.
    package var programs: [ObjectProgram]
    /// The programs that cannot be used, each by name and with the reason.
    package var refusals: [ObjectError]

    /// Reads an object and takes the programs that can be used.
    ///
    /// - Throws: ``ObjectError`` when no program of it can be looked at: the file is missing, unreadable, empty, no ELF
    ///   file, for another machine, refused by libbpf as a whole, or without a program
    /// - Complexity: O(bytes + slots of the programs with all their subprograms)
    package init(path: String) throws(ObjectError) {
        self.path = path
        programs = []
        refusals = []
        let bytes = try Self.bytes(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let outcomes: [LibbpfLoader.Outcome]
        do throws(LibbpfLoader.Refusal) {
            outcomes = try LibbpfLoader.outcomes(of: bytes, name: name)
        } catch {
            throw ObjectError(object: path, .refused(error.message))
        }
        if outcomes.isEmpty { throw ObjectError(object: path, .noProgram) }
        for outcome in outcomes {
            switch outcome {
            case .refused(let program, let message):
                refusals.append(ObjectError(object: path, program: program, .refused(message)))
            case .loaded(let code):
                let program = Program(code)
                if let fault = program.fault() {
                    refusals.append(ObjectError(object: path, program: code.name, .illFormed(fault)))
                } else {
                    programs.append(
                        ObjectProgram(object: path, name: code.name, section: code.section, program: program))
                }
            }
        }
    }

    /// The programs of an object, all of them or none.
    ///
    /// - Throws: ``ObjectError`` when the object, or any program of it, cannot be used
    package static func load(_ path: String) throws(ObjectError) -> [ObjectProgram] {
        let file = try ObjectFile(path: path)
        if let refusal = file.refusals.first { throw refusal }
        return file.programs
    }

    /// All bytes of a file that starts as an ELF file for BPF does.
    ///
    /// - Throws: ``ObjectError`` when it cannot be read or is something else
    static func bytes(of path: String) throws(ObjectError) -> [UInt8] {
        let bytes = try HostFile.bytes(of: path)
        if let reason = headerFault(bytes) { throw ObjectError(object: path, reason) }
        return bytes
    }

    /// What the first bytes already tell against a file.
    ///
    /// - Source: System V ABI, "ELF header": `e_ident`, and `e_machine` at byte 18
    private static func headerFault(_ bytes: [UInt8]) -> ObjectError.Reason? {
        if bytes.isEmpty { return .empty }
        if !bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return .notELF }
        if bytes.count < 20 { return nil }
        let isLittleEndian = bytes[5] != 2
        let machine =
            isLittleEndian
            ? UInt16(bytes[18]) | UInt16(bytes[19]) << 8 : UInt16(bytes[19]) | UInt16(bytes[18]) << 8
        // Old compilers left the number out, and libbpf lets that pass.
        return machine == 247 || machine == 0 ? nil : .otherMachine(machine)
    }
}
