import BPF
import Foundation
import Fuzzing
import KernelRewrites

/// A kernel case as a C program that needs only libbpf.
///
/// The C program loads the program of the case and prints the result. Its exit status is 1 if the result still has the
/// fault, 0 if it has not, and 2 if the program cannot be loaded or the result is neither.
enum KernelReproducer {
    /// The part that is the same in all C programs.
    private static let body = String(decoding: PackageResources.reproducer_c, as: UTF8.self)

    /// The text of the C program; `nil` for a case without a kernel.
    ///
    /// - Parameter file: the file name of the C program
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
        lines += parts(c, loading)
        return lines.joined(separator: "\n") + "\n" + body
    }

    /// The length of the start of a file that ``isOwn(_:)`` needs.
    ///
    /// - Units: bytes
    static let longestStart = 4096

    /// Returns true if a file that starts with some bytes is such a C program.
    static func isOwn(_ start: [UInt8]) -> Bool {
        start.isEmpty || String(decoding: start, as: UTF8.self).contains("\n" + rewritten)
    }

    /// A line that every such C program has.
    private static let rewritten = "// prints the program as the kernel rewrites it."

    private static func heading(_ c: Case, _ loading: Case.Loading, file: String) -> [String] {
        var lines = ["// \(oneLine(c.bucket ?? Finding.kernelTarget))", "//"]
        if let release = loading.release { lines.append("// Found with Linux \(oneLine(release)).") }
        if let origin = c.origin { lines.append("// Made from case \(origin.index) of seed \(origin.seed).") }
        for note in c.bucket.map(KnownFault.notes(on:)) ?? [] { lines.append("// " + oneLine(note)) }
        lines += [
            "//", "//   cc -o shows \(oneLine(file)) -lbpf && ./shows", "//",
            rewritten + " Exit status 1: it still has the fault, 0: it has not, 2: the program",
            "// is not loaded, or the result is neither.", "",
            "#include <linux/bpf.h>", "#include <stddef.h>", "",
        ]
        return lines
    }

    /// The instructions, a line each, with their text as a comment.
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

    /// An array, with one element if there is none, since C has no empty arrays.
    private static func numbers(_ name: String, _ count: String, _ values: [UInt32]) -> [String] {
        let list = values.isEmpty ? "0" : values.map(String.init).joined(separator: ", ")
        return [
            "static const unsigned int \(name)[] = { \(list) };", "static const size_t \(count) = \(values.count);",
        ]
    }

    /// The observed part of the result and the correct one.
    private static func parts(_ c: Case, _ loading: Case.Loading) -> [String] {
        var refusal = ""
        if case .refusal(let text) = loading.seen { refusal = text }
        let isAboutLoad = loading.seen == nil && (c.bucket.flatMap(Bucket.rule(of:))?.isDeadly ?? false)
        return [
            "enum kind { NOTHING, INSN, TARGET, LENGTH, SUBPROGRAM, LINE, REFUSAL, VALUE, LOAD };",
            "struct part {", "\tenum kind kind;", "\tunsigned int place, missing, slot, id, has_second;",
            "\tstruct bpf_insn insn, second;", "};",
            "static const char finding[] = \(quoted(KernelHeadline(c).text));",
            "static const char seen_refusal[] = \(quoted(refusal));",
            "static const struct part seen = \(fields(of: loading.seen, isLoad: isAboutLoad));",
            "static const struct part must = \(fields(of: loading.must, isLoad: false));",
        ]
    }

    private static func fields(of part: Case.Loading.Observed?, isLoad: Bool) -> String {
        func insn(_ insn: Instruction) -> String {
            "{ 0x\(String(insn.code, radix: 16)), \(insn.dst), \(insn.src), \(insn.off), \(insn.imm) }"
        }
        func row(_ kind: String, _ row: Int, _ slot: UInt32?, id: UInt32 = 0) -> String {
            "{ .kind = \(kind), .place = \(row), "
                + (slot.map { ".slot = \($0), .id = \(id) }" } ?? ".missing = 1 }")
        }
        switch part {
        case .insn(let at, let seen, let second):
            let more = second.map { ", .has_second = 1, .second = \(insn($0))" } ?? ""
            return "{ .kind = INSN, .place = \(at), .insn = \(insn(seen))\(more) }"
        case .target(let at, let number):
            return "{ .kind = TARGET, .place = \(at), " + (number.map { ".id = \($0) }" } ?? ".missing = 1 }")
        case .length(let count): return "{ .kind = LENGTH, .place = \(count) }"
        case .subprogram(let number, let start): return row("SUBPROGRAM", number, start)
        case .line(let number, let line): return row("LINE", number, line?.insnOff, id: line?.id ?? 0)
        case .refusal: return "{ .kind = REFUSAL }"
        case .value(let value, let flags): return "{ .kind = VALUE, .id = \(value), .slot = \(flags.rawValue) }"
        case nil: return "{ .kind = \(isLoad ? "LOAD" : "NOTHING") }"
        }
    }

    /// A text as a C string.
    private static func quoted(_ text: String) -> String {
        "\"" + oneLine(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }
}
