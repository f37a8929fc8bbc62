import BPF

/// An ELF object with BPF programs of either byte order, read without libbpf, the kernel and privileges.
package struct ObjectFile: Hashable, Sendable {
    /// Where the object was read from.
    package var path: String
    /// The well-formed programs, in the order of the object.
    package var programs: [ObjectProgram]
    /// The programs that cannot be used, each by name and with the reason.
    package var refusals: [ObjectError]

    /// Reads an object and takes the programs that can be used.
    ///
    /// - Throws: ``ObjectError`` if no program of it can be used: the file is missing, unreadable, empty, no ELF file, for
    ///   another machine, broken, or without a program
    /// - Complexity: O(bytes + slots of the programs with all their subprograms)
    package init(path: String) throws(ObjectError) {
        self.path = path
        programs = []
        refusals = []
        let bytes = try Self.bytes(of: path)
        let code: ObjectCode
        do throws(ELFFault) { code = try ObjectCode(bytes) } catch {
            throw ObjectError(object: path, .broken("\(error)"))
        }
        if code.programs.isEmpty { throw ObjectError(object: path, .noProgram) }
        var linker = ProgramLinker(code)
        for function in code.programs {
            do throws(ELFFault) {
                let code = try linker.link(function)
                let program = Program(code)
                if let fault = program.fault() {
                    refusals.append(ObjectError(object: path, program: code.name, .illFormed(fault)))
                } else {
                    programs.append(
                        ObjectProgram(object: path, name: code.name, section: code.section, program: program))
                }
            } catch {
                refusals.append(ObjectError(object: path, program: function.name, .broken("\(error)")))
            }
        }
        // An object without any usable program is named once.
        if programs.isEmpty, let first = refusals.first {
            throw first
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

    /// The fault that the first bytes of a file show.
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
        // Old compilers left the number out, and libbpf accepts that.
        return machine == 247 || machine == 0 ? nil : .otherMachine(machine)
    }
}
