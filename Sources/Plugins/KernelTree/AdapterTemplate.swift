/// The start of an adapter for some functions of a tree, filled in from their prototypes.
package struct AdapterTemplate {
    /// The C text.
    package let text: String

    /// One function to call.
    private struct Call {
        var name: String
        var place: String
        var prototype: String
        /// The type before the name, as `struct bpf_prog *`.
        var result: String
        var parameters: [(type: String, name: String)]

        /// True if it takes a patch.
        var patches: Bool { parameters.contains { $0.type.contains("bpf_insn *") } }
        var numbers: Int { parameters.filter { Call.isNumber($0.type) }.count }
        /// True if it takes one edit.
        var isEdit: Bool { patches || numbers > 0 }

        static func isNumber(_ type: String) -> Bool {
            !type.contains("*") && !type.contains("struct") && type != "void"
        }
    }

    /// Looks the functions up in a tree.
    ///
    /// - Throws: ``PluginError`` if the tree has no definition of one
    package init(
        of tree: KernelTree, taking names: [String], reading read: [String] = [], standIns: [String] = []
    ) throws(PluginError) {
        var slice = try CSlice(of: tree, try StandIns(headers: standIns), reading: read, try CCompiler())
        var calls: [Call] = []
        for name in names {
            guard let function = slice.function(name) else {
                throw PluginError("\(tree.path): \(name)() is in no file that is read; name its file with --read")
            }
            calls.append(AdapterTemplate.call(function, slice))
        }
        text = AdapterTemplate.text(calls, release: tree.release)
    }

    private static func call(_ function: CDefinition, _ slice: CSlice) -> Call {
        let words = slice.tokens(of: function).map(\.text).prefix { $0 != "{" }
        let name = words.firstIndex(of: function.name) ?? words.startIndex
        let dropped: Set<String> = ["static", "inline", "noinline", "__must_check", "__always_inline", "extern"]
        func spelled(_ part: some Sequence<String>) -> String {
            part.filter { !dropped.contains($0) }.joined(separator: " ")
        }
        var parameters: [(type: String, name: String)] = []
        let inside = words[min(name + 2, words.endIndex)...].prefix { $0 != ")" }
        for part in inside.split(separator: ",") where part.count > 1 {
            parameters.append((spelled(part.dropLast()), part.last ?? ""))
        }
        let result = spelled(words[..<name])
        let list = parameters.map { $0.type.hasSuffix("*") ? "\($0.type)\($0.name)" : "\($0.type) \($0.name)" }
        return Call(
            name: function.name, place: slice.place(of: function),
            prototype: "\(result) \(function.name)(\(list.isEmpty ? "void" : list.joined(separator: ", ")))",
            result: result, parameters: parameters)
    }

    private static func text(_ calls: [Call], release: String) -> String {
        var lines = ["/*", " * An adapter for functions of Linux \(release):", " *"]
        for call in calls { lines += [" * \(call.place):", " *   \(call.prototype)"] }
        lines += [
            " *", " * kit.h describes what an adapter may use. Build it with 'plugin build --adapter'.", " */", "",
            "/* What these functions cannot do: see enum bpf_patcher_cap. */",
            "#define KIT_LACKS (BPF_PATCHER_SKIP_JUMPS | BPF_PATCHER_RANGE"
                + (removes(calls) ? ")" : " | BPF_PATCHER_DELETE)"),
            "",
        ]
        let isStep = calls.allSatisfy { $0.isEdit && !hasState($0) }
        return (lines + (isStep ? step(calls) : apply(calls))).joined(separator: "\n") + "\n"
    }

    private static func removes(_ calls: [Call]) -> Bool { calls.contains { $0.isEdit && !$0.patches } }

    /// Returns true if a function keeps something between calls.
    private static func hasState(_ call: Call) -> Bool { call.parameters.contains { state(of: $0.type) != nil } }

    /// The type of a parameter that is neither the environment nor the program, or `nil`.
    private static func state(of type: String) -> String? {
        guard type.hasSuffix("*"), type.contains("struct"),
            !["bpf_verifier_env", "bpf_prog ", "bpf_insn "].contains(where: type.contains)
        else { return nil }
        return type.dropLast().trimming()
    }

    /// The call with arguments by type.
    private static func text(of call: Call, off: String, remove: String) -> String {
        var numbers = 0
        let arguments = call.parameters.map { parameter -> String in
            if parameter.type.contains("bpf_verifier_env") { return "env" }
            if parameter.type.contains("bpf_prog ") { return "env->prog" }
            if parameter.type.contains("bpf_insn ") { return "patch" }
            if state(of: parameter.type) != nil { return "&state" }
            numbers += 1
            if numbers == 1 && call.isEdit { return off }
            let isRemoved = !call.patches || ["old", "remove", "del"].contains(where: parameter.name.contains)
            return isRemoved ? remove : "len"
        }
        return "\(call.name)(\(arguments.joined(separator: ", ")))"
    }

    /// The statements that call a function and set `err`.
    private static func statements(
        _ call: Call, off: String, remove: String, indent: String, prog: String = "prog"
    ) -> [String] {
        let text = text(of: call, off: off, remove: remove)
        if call.result.contains("bpf_prog *") {
            return [
                "\(indent)\(prog) = \(text);",
                "\(indent)err = IS_ERR(\(prog)) ? PTR_ERR(\(prog)) : \(prog) ? 0 : kit_error(-ERANGE);",
                "\(indent)if (!err)", "\(indent)\tenv->prog = \(prog);",
            ]
        }
        return [call.result == "void" ? "\(indent)\(text);" : "\(indent)err = \(text);"]
    }

    private static func edit(_ calls: [Call], off: String, remove: String, indent: String) -> [String] {
        let patches = calls.filter(\.patches)
        let removals = calls.filter { $0.isEdit && !$0.patches }
        var lines = ["\(indent)if (len) {"]
        for call in patches { lines += statements(call, off: off, remove: remove, indent: indent + "\t") }
        lines.append("\(indent)} else {")
        for call in removals { lines += statements(call, off: off, remove: remove, indent: indent + "\t") }
        if removals.isEmpty { lines.append("\(indent)\terr = -EINVAL;") }
        return lines + ["\(indent)}"]
    }

    private static func step(_ calls: [Call]) -> [String] {
        [
            "/* One edit: patches instruction `off`, or removes `remove` instructions if `len` is 0. */",
            "int step(struct bpf_verifier_env *env, u32 off, u32 remove, const struct bpf_insn *patch, u32 len)",
            "{", "\tstruct bpf_prog *prog;", "\tint err = 0;", "",
        ] + edit(calls, off: "off", remove: "remove", indent: "\t") + ["\treturn err;", "}"]
    }

    private static func apply(_ calls: [Call]) -> [String] {
        let states = calls.flatMap { $0.parameters.compactMap { state(of: $0.type) } }
        let first = calls.firstIndex(where: \.isEdit) ?? 0
        var lines = [
            "/* A whole pass. The edits are sorted, disjoint, and in coordinates of the program before the pass. */",
            "int apply(struct bpf_verifier_env *env, const struct bpf_patcher_edit *edits, u32 cnt)", "{",
        ]
        if let state = states.first { lines.append("\t\(state) state = {};") }
        lines += ["\tstruct bpf_prog *prog;", "\tconst struct bpf_insn *patch;", "\tu32 i, len;", "\tint err = 0;", ""]
        for call in calls[..<first] { lines += statements(call, off: "0", remove: "0", indent: "\t") }
        lines += [
            "\tfor (i = 0; i < cnt && !err; i++) {", "\t\tpatch = kit_patch(&edits[i], &len);",
            "\t\tif (len && !patch) {", "\t\t\terr = -ERANGE;", "\t\t\tbreak;", "\t\t}",
        ]
        lines += edit(calls, off: "edits[i].off", remove: "edits[i].remove_cnt", indent: "\t\t")
        lines.append("\t}")
        for call in calls[first...] where !call.isEdit {
            let body = statements(call, off: "0", remove: "0", indent: "\t\t")
            // A function without a result cleans up, on every path.
            lines += call.result == "void" ? body.map { String($0.dropFirst()) } : ["\tif (!err) {"] + body + ["\t}"]
        }
        return lines + ["\treturn err;", "}"]
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
