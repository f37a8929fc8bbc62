import Foundation
import UserFiles

/// A plug-in made of the functions of a kernel tree.
public struct KernelPlugin: Sendable {
    /// What the patcher is called.
    public let name: String
    /// The release of the tree.
    public let release: String
    /// The functions that were taken, each with the file and line it was taken from.
    public let functions: [(name: String, place: String)]
    /// What the tree does not have, and what that means for testing it: a sentence each.
    public let limits: [String]
    /// The library that must be loaded before the plug-in, when it was made with AddressSanitizer.
    public let runtime: String?

    /// The functions that are asked for, with whether a plug-in can do without.
    static let roots: [(name: String, isNeeded: Bool)] = [
        ("bpf_patch_insn_single", true), ("bpf_patch_insn_data", true), ("bpf_remove_insns", true),
        ("verifier_remove_insns", true), ("adjust_jmp_off", false),
    ]

    /// The types that the adapter looks into.
    private static let types = [
        "bpf_insn", "bpf_prog", "bpf_prog_aux", "bpf_verifier_env", "bpf_insn_aux_data", "bpf_subprog_info",
        "bpf_func_info", "bpf_func_info_aux", "bpf_line_info",
    ]

    /// Fields of `bpf_insn_aux_data` that travel with an instruction and that the functions do not compute.
    private static let words = ["orig_idx", "ctx_field_size", "map_key_state"]

    /// Takes the functions out of a tree, compiles them with stand-ins for the rest of the kernel, and puts an adapter
    /// in front.
    ///
    /// - Parameters:
    ///   - output: where the shared object goes
    ///   - sanitizers: what is checked while it runs; `address` is known
    ///   - kept: where the file that is compiled is left, if somewhere
    ///   - header: the path of a header with stand-ins beside those that are here, if there is one
    /// - Throws: ``KernelTreeFault`` when the tree is at fault, ``PluginError`` when something else is
    public init(
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
                if root.isNeeded {
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
            throw KernelTreeFault("\(tree.path): struct bpf_insn_aux_data has no field for a word of the harness")
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
        if let said = try compiler.makeLibrary(
            library, of: "\(folder)/plugin.c", folder: folder, directory: tree.folder ?? folder, sanitizers: sanitizers)
        {
            throw KernelTreeFault(tree.path, CompilerReport(said, slice))
        }
        runtime = sanitizers.contains("address") ? try compiler.runtimeOfAddressSanitizer() : nil
        // A process that has the old one loaded keeps it, since the new one is another file.
        try onFiles { () throws(FileError) in
            try OutputFile.write(try FileReader.bytes(of: library), to: output, mode: 0o777)
        }
    }

    /// Checks that what a build makes can be written and its header be read, before the minute that it may take.
    ///
    /// No output takes the place of what is read. Files are compared, and not their names.
    ///
    /// - Throws: ``PluginError`` with the file, the reason, and what to do
    public static func check(
        output: String, keepingSource kept: String?, standIns header: String? = nil, tree: String
    ) throws(PluginError) {
        try onFiles { () throws(FileError) in
            if let header {
                try FileReader.check(header)
                if FileKind(of: header) == .device {
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
        "Linux \(release) has no \(function)(): edits of which jumps skip the inserted code are not tested"
    }

    static func limit(without instruction: KernelTree.NewerInstruction, release: String) -> String {
        "Linux \(release) has no \(instruction.words): programs with one are not tested"
    }

    /// Writes what is compiled.
    private static func write(_ source: String, to folder: String) throws(FileError) {
        // The type of an instruction is the tree's own; the header of the C library would define it again.
        let guardOfSystem = "/* The tree's own definitions stand in for it. */\n"
        try Folder.make("\(folder)/linux")
        let files: [(String, [UInt8])] = [
            ("plugin.c", Array(source.utf8)), ("linux/bpf.h", Array(guardOfSystem.utf8)),
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

/// Why the functions of a tree cannot be built, in one line: the tree's fault, not ours.
public struct KernelTreeFault: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }

    /// The fault of a tree that a compiler reports.
    init(_ tree: String, _ report: CompilerReport) {
        if let missing = report.missing {
            description = "\(tree): \(missing)"
        } else {
            description = "\(tree): does not compile: \(report.firstError)"
        }
    }
}
