import BPF
import Fuzzing
import Patching
import Plugins

/// A case as a C program that puts it through a patcher of the C ABI.
///
/// The C program has the passes, their inputs and the results by the rules as arrays. It needs no other file: the header
/// of the ABI is part of it. Its exit status is 1 if a result is wrong, 0 if all are right, and 2 if the patcher cannot
/// be loaded or does not support a pass.
struct PatcherProgram {
    /// The C text.
    private(set) var text: String

    /// - Parameter file: the file name of the C program
    /// - Throws: ``ExportFault`` for a case without a pass, or with a pass that no patcher gets
    /// - Complexity: O(slots × edits)
    init(_ c: Case, file: String) throws(ExportFault) {
        guard let history = try? CaseHistory(c), !history.steps.isEmpty else {
            throw ExportFault("it has no pass, so there is nothing to patch")
        }
        text = Self.heading(c, file: file) + PatcherHeader.text + "\n"
        text += String(decoding: PackageResources.patched_h, as: UTF8.self)
        add("static const char finding[] = \(ExportComment.quoted(c.sentence ?? c.bucket ?? c.name));\n")
        add(c.program, number: 0)
        var steps: [String] = []
        for (number, step) in history.steps.enumerated() {
            if let malformed = step.malformed {
                throw ExportFault("pass \(number + 1) is malformed, so no patcher gets it: \(malformed)")
            }
            add(step.pass, number: number)
            if let result = step.result { add(result, number: number + 1) }
            steps.append(Self.row(step, number))
        }
        add("static const struct step steps[] = {\n" + steps.joined() + "};")
        add("static const unsigned int step_count = \(steps.count);")
        text += String(decoding: PackageResources.patched_c, as: UTF8.self)
    }

    private mutating func add(_ line: String) { text += line + "\n" }

    private static func heading(_ c: Case, file: String) -> String {
        var lines = ExportComment.lines(of: c).map { "// " + $0 }
        lines += [
            "//", "//   cc -o patched \(ExportComment.oneLine(file)) -ldl && ./patched ./patcher.so", "//",
            "// With the patcher linked in:", "//",
            "//   cc -DLINKED -o patched \(ExportComment.oneLine(file)) patcher.c && ./patched", "//",
            "// Puts the passes through the patcher and prints each difference from the right result. Exit status 1: a",
            "// result is wrong, 0: all are right, 2: the patcher is not loaded, or does not support a pass.",
        ]
        if c.conditions.failAlloc > 0 { lines.append("// Allocations do not fail here, other than in the case.") }
        return lines.joined(separator: "\n") + "\n\n"
    }

    // MARK: Arrays

    private mutating func add(_ program: Program, number: Int) {
        add("// " + (number == 0 ? "The program." : "The result of pass \(number)."))
        add(insns: program.insns, name: "insns_\(number)", prefix: "L")
        add(numbers: program.aux.map(String.init), "__u32 aux_\(number)")
        add(
            numbers: program.subprograms.map { "{ \($0.start), \($0.id) }" },
            "struct bpf_patcher_subprog subprogs_\(number)")
        add(numbers: program.lines.map { "{ \($0.insnOff), \($0.id) }" }, "struct bpf_patcher_line lines_\(number)")
        add(
            "#define PROGRAM_\(number) { insns_\(number), aux_\(number), \(program.insns.count), subprogs_\(number), "
                + "\(program.subprograms.count), lines_\(number), \(program.lines.count) }\n")
    }

    private mutating func add(_ pass: Pass, number: Int) {
        add("// Pass \(number + 1).")
        var rows: [String] = []
        for (place, edit) in pass.edits.enumerated() {
            let own = "\(number)_\(place)"
            if !edit.patch.isEmpty {
                add(insns: edit.withPlaceholdersCleared().patch, name: "patch_\(own)", prefix: "P", refs: edit.refs)
            }
            if !edit.refs.isEmpty {
                add(
                    numbers: edit.refs.map { "{ \($0.from.rawValue), \($0.to.rawValue) }" },
                    "struct bpf_patcher_ref refs_\(own)")
            }
            let keep = edit.keep.map { "\($0.rawValue)" } ?? "BPF_PATCHER_NONE"
            rows.append(
                "\t{ .off = \(edit.off.rawValue), .remove_cnt = \(edit.remove), "
                    + ".patch = \(edit.patch.isEmpty ? "NULL" : "patch_\(own)"), .patch_len = \(edit.patch.count),\n"
                    + "\t  .keep = \(keep), .refs = \(edit.refs.isEmpty ? "NULL" : "refs_\(own)"), "
                    + ".ref_cnt = \(edit.refs.count), .flags = \(edit.skip ? "BPF_PATCHER_JUMPS_SKIP" : "0") },\n")
        }
        add(
            "static const struct bpf_patcher_edit edits_\(number)[] = {\n"
                + (rows.isEmpty ? "\t{ .keep = BPF_PATCHER_NONE },\n" : rows.joined()) + "};\n")
    }

    /// An array, with one element if there is none, since C has no empty arrays.
    private mutating func add(numbers values: [String], _ declaration: String) {
        var lines: [String] = []
        for start in stride(from: 0, to: values.count, by: 8) {
            lines.append("\t" + values[start..<min(start + 8, values.count)].joined(separator: ", ") + ",")
        }
        let list = lines.isEmpty ? " { 0 }" : " {\n" + lines.joined(separator: "\n") + "\n}"
        add("static const \(declaration)[] =\(list);")
    }

    /// The shortest run of equal instructions that is written as one line.
    private static let shortestRun = 16

    /// - Parameter refs: the refs of a patch, whose targets are slots of the input
    private mutating func add(insns: [Instruction], name: String, prefix: String, refs: [Ref] = []) {
        add("static const struct bpf_insn \(name)[] = {")
        var slot = 0
        while slot < insns.count {
            var end = slot + 1
            while end < insns.count && insns[end] == insns[slot] { end += 1 }
            let second = slot + 1 < insns.count ? insns[slot + 1] : nil
            let (macro, width) = KernelMacro.text(of: insns[slot], second: second)
            let target = refs.first { $0.from.position == slot }?.to
            let words = Disassembler.text(of: insns[slot], secondSlot: second) { offset in
                target.map { JumpTarget.inputLabel("L\($0)") } ?? .label("\(prefix)\(slot + 1 + offset)")
            }
            if end - slot >= Self.shortestRun && width == 1 {
                add("\t[\(slot) ... \(end - 1)] = \(macro),")
                slot = end
                continue
            }
            add("\t\(macro), // \(prefix)\(slot): \(words)")
            slot += width
        }
        add("};")
    }

    private static func row(_ step: CaseHistory.Step, _ number: Int) -> String {
        let (input, edits) = (ProgramBuffer(), PassBuffer())
        input.load(step.input)
        edits.load(step.pass)
        var filter = CapabilityFilter()
        let demands = filter.demands(of: edits.image, on: input.image())
        let status = step.status.errorName.map { "-\($0)" } ?? "0"
        let result = step.result == nil ? "" : ", .must = PROGRAM_\(number + 1)"
        return "\t{ .in = PROGRAM_\(number), .edits = edits_\(number), .edit_cnt = \(step.pass.edits.count), "
            + ".status = \(status),\n\t  .needs = 0x\(String(demands.capabilities.rawValue, radix: 16)), "
            + ".no_stepwise = \(demands.excludesStepwise ? 1 : 0), "
            + ".stepwise_erange = \(demands.allowsStepwiseOverflow ? 1 : 0)\(result) },\n"
    }
}
