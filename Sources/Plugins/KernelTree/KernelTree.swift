import Foundation
import UserFiles

/// The files of a kernel tree that matter here: those of BPF.
public struct KernelTree: Sendable {
    /// What the tree calls itself: VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION of its Makefile.
    public internal(set) var release: String
    /// The files that are searched for every name: first those that hold the functions, then headers.
    var sources: [CFileSource]
    /// The other files of `kernel/bpf`, for functions that these call.
    let others: [CFileSource]
    /// What messages call the tree.
    let path: String
    /// Where its files are, unless they were in an archive.
    private(set) var folder: String?

    /// Reads the files of a tree.
    ///
    /// - Parameters:
    ///   - path: a checkout, an unpacked source package, or a package's archive
    ///   - progress: told from time to time how much of an archive has been read, from 0 to 1
    /// - Throws: ``PluginError`` when there is no kernel tree
    public init(path: String, progress: (Double) -> Void = { _ in }) throws(PluginError) {
        if FileKind(of: path) == .folder {
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
        // Headers come before code: what a file of code defines for itself is found by the file's own number.
        let linux = try KernelTree.names(in: folder, "include/linux") {
            $0.hasPrefix("bpf") || ["btf.h", "filter.h", "tnum.h"].contains($0)
        }
        let user = try KernelTree.names(in: folder, "include/uapi/linux") { $0.hasPrefix("bpf") || $0 == "btf.h" }
        func read(_ names: [String]) throws(PluginError) -> [CFileSource] {
            var files: [CFileSource] = []
            for name in names { if let file = try KernelTree.file(name, in: folder) { files.append(file) } }
            return files
        }
        let isFirst: (String) -> Bool = { KernelTree.firstFiles.contains($0) || $0.hasSuffix(".h") }
        sources = try read(
            user + linux + KernelTree.firstFiles.filter(code.contains) + code.filter { $0.hasSuffix(".h") })
        others = try read(code.filter { !isFirst($0) })
    }

    /// Where the functions have been so far.
    private static let firstFiles = ["kernel/bpf/core.c", "kernel/bpf/verifier.c", "kernel/bpf/fixups.c"]

    /// The paths of the files that are read of a tree, those that there are and those that there might be.
    ///
    /// - Complexity: O(files in the folders that are read)
    static func files(in folder: String) -> [String] {
        let parts = ["kernel/bpf", "include/linux", "include/uapi/linux"]
        return ["\(folder)/Makefile"]
            + parts.flatMap { part in
                ((try? Folder.names(in: "\(folder)/\(part)")) ?? []).map { "\(folder)/\(part)/\($0)" }
            }
    }

    /// The wanted names of a part of a tree; none when there is no such part.
    ///
    /// - Throws: ``PluginError`` when it may not be listed
    private static func names(
        in folder: String, _ part: String, where isWanted: (String) -> Bool
    ) throws(PluginError) -> [String] {
        let path = "\(folder)/\(part)"
        if isMissing(path) { return [] }
        let names = try onFiles { () throws(FileError) in try Folder.names(in: path) }
        return names.filter(isWanted).map { "\(part)/\($0)" }
    }

    /// A file of a tree, if there is one.
    ///
    /// - Throws: ``PluginError`` when it is there and cannot be read
    private static func file(_ name: String, in folder: String) throws(PluginError) -> CFileSource? {
        let path = "\(folder)/\(name)"
        if isMissing(path) { return nil }
        return CFileSource(name: name, bytes: try onFiles { () throws(FileError) in try FileReader.bytes(of: path) })
    }

    private static func isMissing(_ path: String) -> Bool {
        FileKind(of: path) == nil && (errno == ENOENT || errno == ENOTDIR)
    }

    /// The release that the first lines of a Makefile give.
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

    /// The name of a plug-in made of it: `kernel-6.12.48`.
    var pluginName: String {
        let letters = release.lowercased().map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || letter == ".") ? letter : "-"
        }
        return "kernel-" + String(letters)
    }

    /// The names of instructions that nothing in the tree mentions, as `BPF_PATCHER_KERNEL_NO_` has them.
    ///
    /// Asked of all code and not of the functions, since one that forgot an instruction is what is looked for.
    var unknownInstructions: [NewerInstruction] {
        NewerInstruction.allCases.filter { instruction in
            let bytes = Array(instruction.code.utf8)
            return !(sources + others).contains { $0.name.hasSuffix(".c") && $0.bytes.contains(bytes) }
        }
    }

    /// An instruction that came after the oldest kernels that can be tested.
    enum NewerInstruction: String, CaseIterable {
        case gotol = "GOTOL"
        case gotox = "GOTOX"

        /// How the kernel's code spells it.
        var code: String {
            switch self {
            case .gotol: "BPF_JMP32 | BPF_JA"
            case .gotox: "BPF_JMP | BPF_JA | BPF_X"
            }
        }

        /// What a reader must know about it.
        var words: String {
            switch self {
            case .gotol: "gotol, a jump with an offset of 32 bits"
            case .gotox: "gotox, a jump to an address in a register"
            }
        }
    }
}
