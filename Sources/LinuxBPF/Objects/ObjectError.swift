import BPF

/// Why an object, or one program of it, is not used; its description is one line.
package struct ObjectError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What is wrong with the object or program.
    package enum Reason: Hashable, Sendable, Codable {
        /// There is no such file or folder.
        case missing
        /// The system would not let it be read; the number is its `errno`.
        case unreadable(code: Int32, message: String)
        /// It is neither a regular file nor a folder.
        case notAFile
        /// The file has no bytes.
        case empty
        /// The file does not start as an ELF file does.
        case notELF
        /// The file is ELF for another machine than BPF, by its number.
        case otherMachine(UInt16)
        /// The ELF file breaks a rule of the format, or refers to something that is not there.
        case broken(String)
        /// The object can be read, but is for machines of the other byte order than the running kernel.
        case bigEndian
        /// libbpf does not open it, in its own words.
        case refused(String)
        /// libbpf or the running kernel does not load it.
        case notLoaded(String)
        /// The process that loaded it crashed or did not end.
        case lost(String)
        /// The object holds no program.
        case noProgram
        /// The folder, with those in it, holds no file whose name ends in `.o`.
        case noObject
        /// The program breaks a rule that patchers may rely on.
        case illFormed(ProgramFault)
    }

    /// The path of the object or folder.
    package var object: String
    /// The program that is refused, or `nil` when it is all of the object.
    package var program: String?
    /// What is wrong.
    package var reason: Reason

    /// Makes an error from the place and the reason.
    package init(object: String, program: String? = nil, _ reason: Reason) {
        self.object = object
        self.program = program
        self.reason = reason
    }

    /// Whether it is about a file or folder that somebody has named, which is not there or cannot be read.
    package func isOfNamed(_ paths: [String]) -> Bool {
        guard program == nil, paths.contains(object) else { return false }
        return switch reason {
        case .missing, .unreadable, .notAFile: true
        default: false
        }
    }

    /// The path, the program if it is about one, and the reason, in one line.
    package var description: String {
        let place = program.map { "\(object): program '\($0)'" } ?? object
        return "\(place): \(reason)"
    }
}

extension ObjectError.Reason: CustomStringConvertible {
    /// The reason in words, without the place.
    package var description: String {
        switch self {
        case .missing: "no such file or folder"
        case .unreadable(_, let message): "cannot be read: \(message)"
        case .notAFile: "neither a file nor a folder"
        case .empty: "the file is empty"
        case .notELF: "no ELF file"
        case .otherMachine(let number): "an ELF file for machine \(number), not for BPF (247)"
        case .broken(let message): "broken: \(message)"
        case .bigEndian: "big-endian, so this kernel cannot load it; 'stats' and 'run --objects' read it"
        case .refused(let message): "libbpf: \(message)"
        case .lost(let message): "skipped: \(message)"
        case .notLoaded(let message): "not loadable: \(message)"
        case .noProgram: "the object holds no program"
        case .noObject: "the folder holds no .o file"
        case .illFormed(let fault): "\(fault)"
        }
    }
}
