import BPF
import Foundation
import Fuzzing

/// A case against a running kernel as a C program that needs libbpf and nothing else.
///
/// It loads the program, prints what came back, and says whether that is what was seen when the case was found; the exit
/// status is 1 if it is, 0 if it is not, and 2 when the program cannot be loaded.
enum KernelReproducer {
    /// The part that is the same for all of them.
    private static let body = String(decoding: PackageResources.reproducer_c, as: UTF8.self)

    /// The text of the C program, or `nil` for a case that is not against a kernel.
    ///
    /// - Parameter file: what the C program is called
    /// - Complexity: O(slots)
    static func text(of c: Case, file: String) -> String? {
        guard let program = c.loadable, let loading = c.loading else { return nil }
        var lines = heading(c, loading, file: file)
        lines += insns(of: program.program.insns)
        lines += numbers("function_starts", "function_count", program.program.subprograms.map(\.start))
        lines += numbers("line_slots", "line_count", program.program.lines.map(\.insnOff))
        let names = program.kernelFunctions.map { quoted($0) + ", " }.joined()
        lines.append("static const char *const kernel_functions[] = { \(names)NULL };")
        lines.append("static const char *const attach_target = \(program.attachTarget.map(quoted) ?? "NULL");")
        lines.append(
            "static const unsigned int prog_type = \(program.type.rawValue), attach_type = \(program.attachType), "
                + "prog_flags = 0x\(String(program.flags.rawValue, radix: 16)), "
                + "only_bpf = \(program.privilege == .bpf ? 1 : 0);")
        lines.append("")
        lines += sight(c, loading)
        return lines.joined(separator: "\n") + "\n" + body
    }

    private static func heading(_ c: Case, _ loading: Case.Loading, file: String) -> [String] {
        var lines = ["// \(oneLine(c.bucket ?? Finding.kernelTarget))", "//"]
        if let release = loading.release { lines.append("// Found with Linux \(oneLine(release)).") }
        if let origin = c.origin { lines.append("// Made of case \(origin.index) of seed \(origin.seed).") }
        lines += [
            "//", "//   cc -o shows \(oneLine(file)) -lbpf && ./shows", "//",
            "// prints the program as the kernel rewrites it. Status 1: still shown, 0: not shown, 2: not loaded.", "",
            "#include <linux/bpf.h>", "#include <stddef.h>", "",
        ]
        return lines
    }

    /// The instructions, a line each, with what they say.
    private static func insns(of insns: [Instruction]) -> [String] {
        var lines = ["static struct bpf_insn insns[] = {"]
        var isSecond = false
        for (slot, insn) in insns.enumerated() {
            let fields = "0x\(String(insn.code, radix: 16)), \(insn.dst), \(insn.src), \(insn.off), \(insn.imm)"
            let second = slot + 1 < insns.count ? insns[slot + 1] : nil
            var comment = ""
            if !isSecond {
                let text = Disassembler.text(of: insn, secondSlot: second) { .label("L\(slot + 1 + $0)") }
                comment = " // L\(slot): \(text)"
            }
            lines.append("\t{ \(fields) },\(comment)")
            isSecond = !isSecond && Disassembler.width(of: insn, secondSlot: second) == 2
        }
        return lines + ["};", "static const size_t insn_count = sizeof(insns) / sizeof(insns[0]);"]
    }

    /// An array, which C wants to have one element at least.
    private static func numbers(_ name: String, _ count: String, _ values: [UInt32]) -> [String] {
        let list = values.isEmpty ? "0" : values.map(String.init).joined(separator: ", ")
        return [
            "static const unsigned int \(name)[] = { \(list) };", "static const size_t \(count) = \(values.count);",
        ]
    }

    /// What was seen, and what the rules give in its place.
    private static func sight(_ c: Case, _ loading: Case.Loading) -> [String] {
        var part = "SEEN_NOTHING"
        var place = 0
        var (slot, id, isMissing) = (UInt32(0), UInt32(0), false)
        var insn = Instruction.zero
        var refusal = ""
        var words = "loading it is what was found"
        switch loading.sight {
        case .insn(let at, let seen):
            (part, place, insn) = ("SEEN_INSN", at, seen)
            words = "slot \(at) was seen to be: \(Disassembler.text(of: seen))"
        case .subprogram(let row, let start):
            (part, place, slot, isMissing) = ("SEEN_SUBPROGRAM", row, start ?? 0, start == nil)
            words = "subprogram \(row) was seen " + (start.map { "to start at \($0)" } ?? "to be missing")
        case .line(let row, let line):
            (part, place, isMissing) = ("SEEN_LINE", row, line == nil)
            (slot, id) = (line?.insnOff ?? 0, line?.id ?? 0)
            words =
                "line record \(row) was seen "
                + (line.map { "to be id \($0.id) at \($0.insnOff)" } ?? "to be missing")
        case .refusal(let text):
            part = "SEEN_REFUSAL"
            refusal = text
            words = "the verifier was seen to say: \(text)"
        case nil: break
        }
        if let rule = loading.sight?.ruled(by: c.expected) { words += "; by the rules it is: \(rule)" }
        let fields = "0x\(String(insn.code, radix: 16)), \(insn.dst), \(insn.src), \(insn.off), \(insn.imm)"
        return [
            "enum { SEEN_NOTHING, SEEN_INSN, SEEN_SUBPROGRAM, SEEN_LINE, SEEN_REFUSAL };",
            "static const char finding[] = \(quoted(words));",
            "static const char seen_refusal[] = \(quoted(refusal));",
            "static const unsigned int seen_part = \(part), seen_place = \(place), seen_missing = \(isMissing ? 1 : 0);",
            "static const unsigned int seen_slot = \(slot), seen_id = \(id);",
            "static const struct bpf_insn seen_insn = { \(fields) };",
        ]
    }

    /// A text as C has it.
    private static func quoted(_ text: String) -> String {
        "\"" + oneLine(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }
}
