import Foundation
import Patching
import UserFiles

/// The C code that carries out edits through the functions of a tree: the built-in adapter, or the user's.
///
/// It defines `apply()`, which carries out a whole pass, or `step()`, which carries out one edit, and may define `skip()`.
/// There is no such code for passes of the kernel: the kit calls their functions.
struct KernelAdapter {
    /// The path as the user named it; the name of the built-in file if there is none.
    let path: String
    private let isBuiltIn: Bool
    /// The passes of the kernel that are run in place of edits.
    private let passes: [KernelPass]
    private let bytes: [UInt8]

    /// The functions that the built-in adapter calls. A tree may lack the optional ones.
    static let roots: [(name: String, isRequired: Bool)] = [
        ("bpf_patch_insn_single", true), ("bpf_patch_insn_data", true), ("bpf_remove_insns", true),
        ("verifier_remove_insns", true), ("adjust_jmp_off", false),
    ]

    /// The types whose members the kit accesses.
    private static let types = [
        "bpf_insn", "bpf_prog", "bpf_prog_aux", "bpf_verifier_env", "bpf_insn_aux_data", "bpf_subprog_info",
        "bpf_func_info", "bpf_func_info_aux", "bpf_line_info",
    ]

    /// Reads the adapter of a path, or the built-in one.
    ///
    /// - Parameter passes: passes of the kernel to run in place of an adapter
    /// - Throws: ``PluginError`` if the file cannot be read or defines neither `apply()` nor `step()`
    init(path: String?, passes: [KernelPass] = []) throws(PluginError) {
        self.passes = passes
        isBuiltIn = path == nil
        self.path = path ?? "kernel.c"
        if let path {
            bytes = try onFiles { () throws(FileError) in try FileReader.bytes(of: path) }
            if !defines("apply") && !defines("step") {
                throw PluginError(
                    "\(path): defines neither apply() nor step(); 'plugin adapter' prints the start of an adapter")
            }
        } else {
            bytes = PackageResources.kernel_c
        }
    }

    private var file: CFile { CFile(CFileSource(name: path, bytes: bytes), number: 0) }

    private func defines(_ function: String) -> Bool {
        file.definitions.contains { $0.kind == .function && $0.name == function }
    }

    /// The adapter in messages.
    var phrase: String { isBuiltIn ? "the built-in adapter" : "the adapter \(path)" }

    /// The text to compile, with the name of the file for messages.
    var compiledText: [UInt8] {
        let name = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return Array("#line 1 \"\(name)\"\n".utf8) + bytes
    }

    /// The name of the patcher: that of the tree, and the file of the user's adapter.
    func name(on tree: KernelTree) -> String {
        if let pass = passes.first {
            return tree.pluginName + "+" + (passes.count > 1 ? "passes" : pass.name.replacing("_", with: "-"))
        }
        if isBuiltIn { return tree.pluginName }
        let file = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent.lowercased()
        return tree.pluginName + "+"
            + String(file.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "-" })
    }

    /// Takes all that the adapter uses out of a tree.
    ///
    /// - Returns: the optional functions that the tree lacks
    /// - Throws: ``PluginError`` if the tree lacks a required one
    func take(from slice: inout CSlice, tree: KernelTree) throws(PluginError) -> [String] {
        var missing: [String] = []
        if !passes.isEmpty {
            for pass in passes {
                guard let function = function(of: pass, in: &slice) else {
                    let names = Set([pass.name, pass.newerName]).sorted(by: >).map { "\($0)()" }
                    throw PluginError(
                        "\(tree.path): Linux \(tree.release) has no \(names.joined(separator: " and no ")), or has it "
                            + "under another name, which --pass does not know; leave it out")
                }
                slice.take(function: function)
                // The JIT then frees the program that is not blinded.
                if pass == .blinding { slice.take(function: "bpf_jit_prog_release_other") }
            }
        } else if isBuiltIn {
            for root in KernelAdapter.roots {
                if slice.function(root.name) == nil {
                    if root.isRequired {
                        throw KernelPlugin.misfit(self, tree, "\(root.name)() is in none of kernel/bpf/*.c")
                    }
                    missing.append(root.name)
                }
                slice.take(function: root.name)
            }
        } else {
            slice.takeUses(in: file)
        }
        for type in KernelAdapter.types { slice.take(tag: type) }
        for name in ["BPF_LD", "BPF_IMM", "BPF_DW"] { slice.take(name: name) }
        return missing
    }

    /// The name by which a tree has the function of a pass, or `nil`.
    private func function(of pass: KernelPass, in slice: inout CSlice) -> String? {
        if slice.function(pass.name) != nil { return pass.name }
        return slice.function(pass.newerName) != nil ? pass.newerName : nil
    }

    /// The macros that tell the kit what the adapter defines.
    func macros(missing: [String], _ slice: inout CSlice) -> [String] {
        if !passes.isEmpty {
            return ["KIT_HAS_PASSES 1", "KIT_PASSES(each) \(passes.map { "each(\($0.name))" }.joined(separator: " "))"]
                + passes.map { "KIT_PASS_\($0.name) 1" }
                // The kit calls the functions by their usual names.
                + passes.compactMap { pass in
                    function(of: pass, in: &slice).flatMap { $0 == pass.name ? nil : "\(pass.name) \($0)" }
                }
        }
        if isBuiltIn { return missing.isEmpty ? ["KIT_HAS_adjust_jmp_off 1", "KIT_HAS_SKIP 1"] : [] }
        return [("apply", "KIT_HAS_APPLY 1"), ("skip", "KIT_HAS_SKIP 1")].filter { defines($0.0) }.map(\.1)
    }
}
