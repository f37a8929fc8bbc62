import Foundation
import SystemPackage
import UserFiles

/// A plug-in built from the functions of a kernel tree.
package struct KernelPlugin: Sendable {
    /// The name of the patcher.
    package let name: String
    /// The release of the tree.
    package let release: String
    /// The extracted functions, each with its file and line.
    package let functions: [(name: String, place: String)]
    /// One sentence for each feature that the tree lacks, with its effect on testing.
    package let limits: [String]
    /// The library to preload if the plug-in is built with AddressSanitizer.
    package let runtime: String?

    /// The functions that the adapter calls. A tree may lack the optional ones.
    static let roots: [(name: String, isRequired: Bool)] = [
        ("bpf_patch_insn_single", true), ("bpf_patch_insn_data", true), ("bpf_remove_insns", true),
        ("verifier_remove_insns", true), ("adjust_jmp_off", false),
    ]

    /// The types whose members the adapter accesses.
    private static let types = [
        "bpf_insn", "bpf_prog", "bpf_prog_aux", "bpf_verifier_env", "bpf_insn_aux_data", "bpf_subprog_info",
        "bpf_func_info", "bpf_func_info_aux", "bpf_line_info",
    ]

    /// Candidate fields of `bpf_insn_aux_data` for the aux word: they move with the instruction, and no function computes them.
    private static let words = ["orig_idx", "ctx_field_size", "map_key_state"]

    /// Extracts the functions from a tree and compiles them with an adapter and stand-ins for the rest of the kernel.
    ///
    /// - Parameters:
    ///   - output: the path of the shared object
    ///   - sanitizers: the sanitizers to build with; only `address` is supported
    ///   - kept: the path for a copy of the compiled source, or `nil`
    ///   - header: the path of the user's header with more stand-ins, or `nil`
    /// - Throws: ``KernelTreeFault`` if the tree is at fault, else ``PluginError``
    package init(
        of tree: KernelTree, output: String, sanitizers: [String] = [], keepingSource kept: String? = nil,
        standIns header: String? = nil
    ) throws {
        try KernelPlugin.check(output: output, keepingSource: kept, standIns: header, tree: tree.path)
        let compiler = try CCompiler()
        let standins = try StandIns(header: header)
        let defined = standins.macros
        var slice = CSlice(sources: tree.sources, others: tree.others, standins: standins.files, defined: defined)
        var missing: [String] = []
        for root in KernelPlugin.roots {
            if slice.function(root.name) == nil {
                if root.isRequired {
                    throw KernelTreeFault("\(tree.path): \(root.name)() is in none of kernel/bpf/*.c")
                }
                missing.append(root.name)
            }
            slice.take(function: root.name)
        }
        for type in KernelPlugin.types { slice.take(tag: type) }
        for name in ["BPF_LD", "BPF_IMM", "BPF_DW"] { slice.take(name: name) }
        slice.close()
        guard let word = KernelPlugin.words.first(where: { slice.hasMember($0, of: "bpf_insn_aux_data") }) else {
            throw KernelTreeFault("\(tree.path): struct bpf_insn_aux_data has no field for an aux word")
        }
        name = tree.pluginName
        release = tree.release
        functions = slice.functions.map { ($0.name, slice.place(of: $0)) }
        let unknown = tree.unknownInstructions
        limits =
            missing.map { KernelPlugin.limit(without: $0, release: tree.release) }
            + unknown.map { KernelPlugin.limit(without: $0, release: tree.release) }

        var macros = [
            "ADAPTER_NAME \"\(tree.pluginName)\"", "ADAPTER_RELEASE \"\(tree.release)\"", "ADAPTER_AUX_WORD \(word)",
            "ADAPTER_LIMITS (0\(unknown.map { " | BPF_PATCHER_KERNEL_NO_\($0.rawValue)" }.joined()))",
        ]
        if missing.isEmpty { macros.append("ADAPTER_HAS_ADJUST_JMP_OFF 1") }
        for (member, tag, macro) in [
            ("func_info_aux", "bpf_prog_aux", "FUNC_INFO_AUX"), ("prog", "bpf_prog_aux", "AUX_PROG"),
            ("insn_aux_data_len", "bpf_verifier_env", "AUX_LEN"), ("insn_idx", "bpf_jit_poke_descriptor", "POKE"),
            ("xlated_off", "bpf_insn_array_value", "INSN_ARRAY"),
        ] where slice.hasMember(member, of: tag) { macros.append("ADAPTER_HAS_\(macro) 1") }
        let source =
            (["#include \"standins.h\"", "#include \"memory.h\"", standins.text, slice.text()]
            + macros.map { "#define \($0)" } + ["#include \"adapter.c\"", ""]).joined(separator: "\n")

        let folder = try onFiles(TemporaryFolder.make)
        defer { TemporaryFolder.remove(folder) }
        try onFiles { () throws(FileError) in try KernelPlugin.write(source, to: folder) }
        if let kept { try onFiles { () throws(FileError) in try OutputFile.write(Array(source.utf8), to: kept) } }
        let library = "\(folder)/plugin.so"
        if let messages = try compiler.makeLibrary(
            library, of: "\(folder)/plugin.c", folder: folder, directory: tree.folder ?? folder, sanitizers: sanitizers)
        {
            throw KernelTreeFault(tree.path, CompilerReport(messages, slice))
        }
        runtime = sanitizers.contains("address") ? try compiler.runtimeOfAddressSanitizer() : nil
        // Written as a new inode, so that a process with the old library loaded keeps it.
        try onFiles { () throws(FileError) in
            try OutputFile.write(try FileReader.bytes(of: library), to: output, mode: 0o777)
        }
    }

    /// Checks before a build, which may take a minute, that the outputs can be written and the header can be read.
    ///
    /// An output must not replace an input. The check compares inodes, not names.
    ///
    /// - Throws: ``PluginError`` with the file, the reason, and the remedy
    package static func check(
        output: String, keepingSource kept: String?, standIns header: String? = nil, tree: String
    ) throws(PluginError) {
        try onFiles { () throws(FileError) in
            if let header {
                try FileReader.check(header)
                if (try? FileType(of: header))?.isDevice == true {
                    throw FileError("\(header): cannot be read: it is a device; name a file")
                }
            }
            var outputs = [try OutputFile(output)]
            if let kept { outputs.append(try OutputFile(kept)) }
            if outputs.count == 2 && outputs[0].isSame(as: outputs[1].path) {
                throw FileError("\(outputs[1].name): is the file of both -o and --keep-source; name two files")
            }
            var inputs = [tree] + KernelTree.files(in: tree)
            if let header { inputs.append(header) }
            for file in outputs {
                if let input = inputs.first(where: { file.isSame(as: $0) }) {
                    throw FileError(
                        "\(file.name): cannot be written: \(input) is read by this command; name another file")
                }
            }
        }
    }

    static func limit(without function: String, release: String) -> String {
        "Linux \(release) has no \(function)(): insertions with BPF_PATCHER_JUMPS_SKIP are not tested"
    }

    static func limit(without instruction: KernelTree.NewerInstruction, release: String) -> String {
        "Linux \(release) has no \(instruction.words): programs with one are not tested"
    }

    /// Writes the source and all headers to a folder.
    private static func write(_ source: String, to folder: String) throws(FileError) {
        // The tree defines the uapi types; the system's <linux/bpf.h> would define them again.
        let emptyHeader = "/* Replaced by the definitions of the tree. */\n"
        try Folder.make("\(folder)/linux")
        let files: [(String, [UInt8])] = [
            ("plugin.c", Array(source.utf8)), ("linux/bpf.h", Array(emptyHeader.utf8)),
            ("standins.h", PackageResources.standins_h), ("common.h", PackageResources.common_h),
            ("helpers.h", PackageResources.helpers_h), ("memory.h", PackageResources.memory_h),
            ("state.h", PackageResources.state_h), ("steps.h", PackageResources.steps_h),
            ("edits.h", PackageResources.edits_h), ("image.h", PackageResources.image_h),
            ("tables.h", PackageResources.tables_h), ("adapter.c", PackageResources.adapter_c),
            ("bpf_patcher.h", PackageResources.bpf_patcher_h),
            ("bpf_patcher_kernel.h", PackageResources.bpf_patcher_kernel_h),
        ]
        for (name, bytes) in files { try OutputFile.write(bytes, to: "\(folder)/\(name)") }
    }
}

/// The reason why the functions of a tree cannot be built, in one line. The fault is in the tree.
package struct KernelTreeFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }

    /// Makes the error from the report of a compiler.
    init(_ tree: String, _ report: CompilerReport) {
        if let missing = report.missing {
            description = "\(tree): \(missing)"
        } else {
            description = "\(tree): does not compile: \(report.firstError)"
        }
    }
}
