import Foundation
import SystemPackage
import UserFiles

/// The BPF files of a kernel tree.
package struct KernelTree: Sendable {
    /// The release: VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION of the Makefile.
    package internal(set) var release: String
    /// The files that are always searched: headers, and the files in which the functions have been so far.
    var sources: [CFileSource]
    /// The other files of `kernel/bpf`, searched only for called functions.
    let others: [CFileSource]
    /// The other headers of the kernel, searched for types that these files do not define.
    let headers: [CFileSource]
    /// The path as the user named it, for messages.
    let path: String
    /// The folder of the files; `nil` for an archive.
    private(set) var folder: String?

    /// Reads the files of a tree.
    ///
    /// - Parameters:
    ///   - path: a checkout, an unpacked source package, or the archive of a package
    ///   - progress: called repeatedly with the share of the archive that is read, from 0 to 1
    /// - Throws: ``PluginError`` if the path is not a kernel tree
    package init(path: String, progress: (Double) -> Void = { _ in }) throws(PluginError) {
        if (try? FileType(of: path)) == .directory {
            try self.init(folder: path, named: path)
            folder = path
        } else {
            let archive = try KernelArchive(path: path)
            let folder = try archive.unpack(progress: progress)
            defer { TemporaryFolder.remove(folder) }
            try self.init(folder: folder, named: path)
        }
    }

    private init(folder: String, named path: String) throws(PluginError) {
        guard let makefile = try KernelTree.file("Makefile", in: folder),
            let release = KernelTree.release(ofMakefile: String(decoding: makefile.bytes, as: UTF8.self))
        else { throw PluginError("\(path): is no kernel tree; there is no Makefile with a VERSION and a PATCHLEVEL") }
        self.path = path
        self.release = release
        let code = try KernelTree.names(in: folder, "kernel/bpf") { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
        if code.isEmpty { throw PluginError("\(path): is no kernel tree; there is no code in kernel/bpf") }
        // Headers come before code. A file's own definitions are still preferred inside it.
        let linux = try KernelTree.names(in: folder, "include/linux") {
            $0.hasPrefix("bpf") || ["btf.h", "filter.h", "tnum.h"].contains($0)
        }
        let user = try KernelTree.names(in: folder, "include/uapi/linux") { $0.hasPrefix("bpf") || $0 == "btf.h" }
        func read(_ names: [String]) throws(PluginError) -> [CFileSource] {
            var files: [CFileSource] = []
            for name in names {
                do throws(PluginError) { files.append(try KernelTree.listedFile(name, in: folder)) } catch {
                    // A symbolic link to nothing is listed.
                    if !KernelTree.isMissing("\(folder)/\(name)") { throw error }
                }
            }
            return files
        }
        let isFirst: (String) -> Bool = { KernelTree.firstFiles.contains($0) || $0.hasSuffix(".h") }
        sources = try read(
            user + linux + KernelTree.firstFiles.filter(code.contains) + code.filter { $0.hasSuffix(".h") })
        others = try read(code.filter { !isFirst($0) })
        let isRead = Set(user + linux)
        var names: [String] = []
        for part in KernelTree.headerFolders {
            names += try KernelTree.names(in: folder, part) { $0.hasSuffix(".h") }.filter { !isRead.contains($0) }
        }
        headers = try read(names)
    }

    /// The folders of the headers that are searched for types, in order.
    private static let headerFolders = ["include/uapi/linux", "include/linux", "include/asm-generic"]

    /// The files that have held the functions so far.
    private static let firstFiles = ["kernel/bpf/core.c", "kernel/bpf/verifier.c", "kernel/bpf/fixups.c"]

    /// The paths in a tree that may be read. The Makefile is listed even if it is missing.
    ///
    /// - Complexity: O(files in the folders that are read)
    static func files(in folder: String) -> [String] {
        let parts = ["kernel/bpf"] + headerFolders
        return ["\(folder)/Makefile"]
            + parts.flatMap { part in
                ((try? Folder.names(in: "\(folder)/\(part)")) ?? []).map { "\(folder)/\(part)/\($0)" }
            }
    }

    /// The wanted file names of a subfolder; empty if the subfolder is missing.
    ///
    /// - Throws: ``PluginError`` if it cannot be listed
    private static func names(
        in folder: String, _ part: String, where isWanted: (String) -> Bool
    ) throws(PluginError) -> [String] {
        let path = "\(folder)/\(part)"
        if isMissing(path) { return [] }
        let names = try onFiles { () throws(FileError) in try Folder.names(in: path) }
        return names.filter(isWanted).map { "\(part)/\($0)" }
    }

    /// Reads a file of a tree; `nil` if it is missing.
    ///
    /// - Throws: ``PluginError`` if it exists and cannot be read
    private static func file(_ name: String, in folder: String) throws(PluginError) -> CFileSource? {
        let path = "\(folder)/\(name)"
        return isMissing(path) ? nil : try listedFile(name, in: folder)
    }

    /// Reads a file of a tree.
    ///
    /// - Throws: ``PluginError`` if it cannot be read
    private static func listedFile(_ name: String, in folder: String) throws(PluginError) -> CFileSource {
        let path = "\(folder)/\(name)"
        return CFileSource(name: name, bytes: try onFiles { () throws(FileError) in try FileReader.bytes(of: path) })
    }

    /// Reads more files of the tree.
    ///
    /// - Throws: ``PluginError`` if one is missing, or the tree is an archive
    func files(_ names: [String]) throws(PluginError) -> [CFileSource] {
        var files: [CFileSource] = []
        for name in names {
            guard let folder else {
                throw PluginError("\(path): --read \(name): an archive has only the usual files; unpack it")
            }
            guard let file = try KernelTree.file(name, in: folder) else {
                throw PluginError("\(folder)/\(name): cannot be read: No such file or directory")
            }
            files.append(file)
        }
        return files
    }

    private static func isMissing(_ path: String) -> Bool {
        do throws(Errno) { _ = try FileType(of: path) } catch {
            return error == .noSuchFileOrDirectory || error == .notDirectory
        }
        return false
    }

    /// Parses the release from the first lines of a Makefile.
    static func release(ofMakefile text: String) -> String? {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n", maxSplits: 40).prefix(40) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            values[parts[0].trimmingCharacters(in: .whitespaces)] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        guard let version = values["VERSION"], let level = values["PATCHLEVEL"], Int(version) != nil else { return nil }
        let sublevel = values["SUBLEVEL"].map { $0.isEmpty ? "" : ".\($0)" } ?? ""
        return "\(version).\(level)\(sublevel)\(values["EXTRAVERSION"] ?? "")"
    }

    /// The name of a plug-in built from the tree, as `kernel-6.12.48`.
    var pluginName: String {
        let letters = release.lowercased().map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || letter == ".") ? letter : "-"
        }
        return "kernel-" + String(letters)
    }

    /// The newer instructions that no `.c` file of the tree mentions.
    ///
    /// All code is searched, not the functions alone: a function that forgot an instruction is a bug to find.
    var unknownInstructions: [NewerInstruction] {
        NewerInstruction.allCases.filter { instruction in
            !(sources + others).contains { !$0.isHeader && $0.contains(instruction.code) }
        }
    }

    /// Instructions that change which registers are written by halves: the macro of the adapter, and their spelling.
    private static let halves = [
        ("MEMSX", "BPF_MEMSX"), ("BSWAP", "ALU64, END, TO_LE"), ("LOAD_ACQ", "BPF_LOAD_ACQ"),
    ]

    /// The macros for the instructions that some `.c` file of the tree mentions.
    var knownHalves: [String] {
        KernelTree.halves.filter { half in
            (sources + others).contains { !$0.isHeader && $0.contains(half.1) }
        }.map { "ADAPTER_KNOWS_\($0.0) 1" }
    }

    /// An instruction that the oldest supported kernels lack. Raw values are the suffixes of `BPF_PATCHER_KERNEL_NO_`.
    enum NewerInstruction: String, CaseIterable {
        case gotol = "GOTOL"
        case gotox = "GOTOX"

        /// Its spelling in kernel code.
        var code: String {
            switch self {
            case .gotol: "BPF_JMP32 | BPF_JA"
            case .gotox: "BPF_JMP | BPF_JA | BPF_X"
            }
        }

        /// Its name and meaning, for messages.
        var words: String {
            switch self {
            case .gotol: "gotol, a jump with an offset of 32 bits"
            case .gotox: "gotox, a jump to an address in a register"
            }
        }
    }
}
