import BPF
import Foundation
import Fuzzing
import Patching
import Plugins
import TestSupport
import Testing

@testable import Campaign

/// C programs of `export --format c`, compiled and run with a right and with faulty plug-ins.
@Suite struct ExportProgramTests {
    /// Every finding against a faulty plug-in is a finding of its C program too, and none with the right plug-in.
    @Test(arguments: [
        (
            "map[from + 1 + offset] - map[from] - 1", "map[from + 1 + offset] - map[from] - (offset < -1 ? 0 : 1)",
            "reaches"
        ),
        ("i == last ? in->aux", "i != last ? in->aux", "the aux word of slot"),
        (
            "out->lines[i].insn_off = map[in->lines[i].insn_off]", "out->lines[i].insn_off = in->lines[i].insn_off",
            "line record"
        ),
        ("return -ERANGE", "insn->off = 0", "apply() must return"),
    ])
    func findingIsThatOfTheProgram(old: String, new: String, words: String) throws {
        let folder = try Tool.Folder()
        let right = try ExportedProgram.plugin(in: folder, "right")
        let faulty = try ExportedProgram.plugin(in: folder, "faulty", replacing: old, by: new)
        let campaign = try Tool.run([
            "run", "--seed", "5", "--cases", "30000", "--plugin", faulty, "--crashes", folder.path + "/crashes",
        ])
        try #require(campaign.status == 77, "\(campaign.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/crashes").sorted()
        let files = names.filter { $0.hasSuffix(".case") }.prefix(4).map { "\(folder.path)/crashes/\($0)" }
        try #require(!files.isEmpty)
        var texts = ""
        for file in files {
            let program = try ExportedProgram.program(of: file, in: folder)
            let wrong = try ExportedProgram.run(program, [faulty])
            #expect(wrong.status == 1 && wrong.output.hasSuffix("WRONG\n"), "\(file): \(wrong)")
            texts += wrong.output
            let fine = try ExportedProgram.run(program, [right])
            #expect(fine.status == 0 && fine.output.hasSuffix("right\n"), "\(file): \(fine)")
        }
        #expect(texts.contains(words), "\(texts)")
    }

    private static let replacedExit = """
        program
            r0 = 1
            exit
        pass
          replace 1 with
            r1 = 2
            exit
        """

    @Test(arguments: [("INPUT", "writes to its input"), ("STATUS", "apply() must return 0, returns")])
    func misbehavingPluginIsReported(fault: String, words: String) throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.replacedExit, to: "exit.case")
        let plugin = try ExportedProgram.misbehaving(in: folder, fault: fault)
        let run = try ExportedProgram.run(try ExportedProgram.program(of: file, in: folder), [plugin])
        #expect(run.status == 1 && run.output.contains(words), "\(run)")
    }

    /// The patcher can be linked into the program, and an unsupported pass is no finding.
    @Test func patcherIsLinked() throws {
        let folder = try Tool.Folder()
        _ = try ExportedProgram.plugin(in: folder, "right")
        let include =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path + "/Sources/CBPFPatcher/include"
        let patcher = ["-DLINKED", "-I\(include)", folder.path + "/right.c"]
        let file = try folder.write(Self.replacedExit, to: "exit.case")
        let run = try ExportedProgram.run(try ExportedProgram.program(of: file, in: folder, patcher))
        #expect(run.status == 0 && run.output.hasPrefix("example: "), "\(run)")
        let deleting = try folder.write(
            "program\n  r0 = 1\n  r1 = 1\n  exit\npass\n  delete 1\n", to: "deleting.case")
        let missing = try ExportedProgram.run(try ExportedProgram.program(of: deleting, in: folder, patcher))
        #expect(missing.status == 2 && missing.output.contains("BPF_PATCHER_DELETE"), "\(missing)")
    }

    /// All passes run, each on the right result of the one before, with refs, keep, skip and a run of equal slots.
    @Test func everyPartIsWritten() throws {
        let folder = try Tool.Folder()
        let text = """
            program
            .subprog 7
            .line 3
            L0: r1 = 5 ll .aux 4 5
            \(String(repeating: "    r2 = 9\n", count: 40))
                call L44
                exit
            .subprog 8
            L44: may_goto L46
                r0 = 1
            L46: exit
            pass
              replace 44 with
                r3 = -2147483648
                kept
                if r3 s< 4 goto @L46
              insert at 45, jumps skip
                r4 = *(u64 *)(r1 + 8)
            pass
              delete 2 count 3
            """
        let file = try folder.write(text, to: "parts.case")
        let run = try Tool.run(["export", file, "--format", "c"])
        #expect(run.status == 0, "\(run.errors)")
        for part in [
            "[2 ... 41] = BPF_MOV64_IMM(BPF_REG_2, 9)", "BPF_LD_IMM64(BPF_REG_1, 0x5ULL)", "(-2147483647 - 1)",
            ".keep = 1, .refs = refs_0_0, .ref_cnt = 1", "BPF_PATCHER_JUMPS_SKIP", "edits_1", "PROGRAM_2",
            "BPF_JMP_IMM(BPF_JSLT, BPF_REG_3, 4, 0)", "BPF_CALL_REL(",
        ] {
            #expect(run.output.contains(part), "\(part) is missing in \(run.output.suffix(12000))")
        }
        _ = try ExportedProgram.program(of: file, in: folder)
    }

    /// A macro makes the bits of its instruction, for every code.
    @Test func macrosMakeTheirInstructions() throws {
        let folder = try Tool.Folder()
        var numbers = SeededNumbers(seed: 17)
        var insns: [Instruction] = []
        // Each code with each set of fields that are not 0.
        for fields in 0..<16 {
            for code in UInt8.min...UInt8.max where code != Opcode.loadImmediate64 {
                var insn = Instruction(code: code)
                if fields & 1 != 0 { insn.dst = UInt8.random(in: 1...11, using: &numbers) }
                if fields & 2 != 0 { insn.src = UInt8.random(in: 1...5, using: &numbers) }
                if fields & 4 != 0 { insn.off = Int16.random(in: .min ... .max, using: &numbers) }
                if fields & 8 != 0 { insn.imm = Int32.random(in: .min ... .max, using: &numbers) }
                insns.append(insn)
            }
        }
        for src in UInt8(1)...2 { insns.append(Instruction(code: Opcode.call, src: src, imm: -5)) }
        insns += [Instruction(code: Opcode.loadImmediate64, dst: 3, imm: -2), Instruction(code: 0, imm: 7)]
        insns += [Instruction(code: Opcode.loadImmediate64, dst: 3, src: 1, imm: .min), Instruction(code: 0, imm: -1)]
        var macros: [String] = []
        var slot = 0
        while slot < insns.count {
            let second = slot + 1 < insns.count ? insns[slot + 1] : nil
            let (text, width) = KernelMacro.text(of: insns[slot], second: second)
            macros.append(text)
            slot += width
        }
        #expect(macros.count { !$0.hasPrefix("BPF_RAW_INSN") } > 600)
        #expect(Set(macros.map { $0.prefix { $0 != "(" } }).count >= 29)
        let source = """
            #include <stdio.h>
            #include <string.h>
            \(PatcherHeader.text)
            \(String(decoding: PackageResources.patched_h, as: UTF8.self))
            static const struct bpf_insn made[] = { \(macros.joined(separator: ",\n")) };
            static const unsigned long long bits[] = { \(insns.map { "\($0.bits)ULL" }.joined(separator: ",\n")) };
            int main(void)
            {
                for (int i = 0; i < \(insns.count); i++)
                    if (memcmp(&made[i], &bits[i], 8)) { printf("%d\\n", i); return 1; }
                return sizeof(made) != sizeof(bits);
            }
            """
        let program = try ExportedProgram.compiled([try folder.write(source, to: "macros.c")], in: folder, "macros")
        let run = try ExportedProgram.run(program)
        #expect(run.status == 0, "\(run.output)")
    }
}
