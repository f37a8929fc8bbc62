import BPF
import Foundation
import Fuzzing
import KernelRewrites
import LinuxBPF
import TestSupport
import Testing

@testable import Campaign

/// The C programs beside findings, compiled with the system's compiler.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelReproducerTests {
    /// Compiles the C program of a case without a warning, and runs it.
    private static func run(_ c: Case, _ words: [String] = []) throws -> Tool.Outcome {
        let folder = try Tool.Folder()
        let text = try #require(KernelReproducer.text(of: c, file: "shows.c"))
        let file = try folder.write(text, to: "shows.c")
        let program = folder.path + "/shows"
        let compiler = try Tool.run(
            ["-Wall", "-Wextra", "-Werror", "-o", program, file, "-lbpf"], program: URL(fileURLWithPath: "/usr/bin/cc"))
        #expect(compiler.status == 0, "\(compiler.errors)")
        return try Tool.run(words, program: URL(fileURLWithPath: program))
    }

    /// The C programs in `Crashes` are those of their cases.
    @Test func storedProgramsAreThoseOfTheirCases() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("Crashes")
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "c" {
            let text = try String(contentsOf: file, encoding: .utf8)
            let source = file.deletingPathExtension().appendingPathExtension("case")
            let c = try CaseFile.parse(try String(contentsOf: source, encoding: .utf8), file: source.path)
            let wanted = try #require(KernelReproducer.text(of: c, file: file.lastPathComponent))
            #expect(text == wanted, "\(file.lastPathComponent)")
            count += 1
        }
        #expect(count >= 4)
    }

    private static func parsed(_ header: String, _ program: String) throws -> Case {
        try CaseFile.parse("target: kernel\nbucket: kernel/x\ntype: xdp\n\(header)\nprogram\n\(program)\n", file: "c")
    }

    /// A program of two subprograms with a division, which becomes four instructions: slots 3 to 6.
    private static let division = """
        .subprog 0
        .line 0
        r0 = 6
        r1 = 3
        r6 = 2
        .line 1
        r0 /= r1
        r6 -= 1
        if r6 != 0 goto -3
        call +1
        exit
        .subprog 1
        .line 2
        r0 = 0
        exit
        """

    /// A fault that is in the result is shown, and no other.
    @Test(arguments: [
        ("seen: slot 6 r0 /= r1", 1), ("seen: slot 8 if r6 != 0 goto -6", 1),
        ("seen: slot 8 if r6 != 0 goto -5\nmust: slot 8 if r6 != 0 goto -6", 0), ("seen: subprogram 1 at 11", 1),
        ("seen: subprogram 1 missing\nmust: subprogram 1 at 11", 0), ("seen: subprogram 1 missing", 2),
        ("seen: line 1 id 1 at 3", 1), ("seen: line 1 id 2 at 3\nmust: line 1 id 1 at 3", 0),
        ("seen: line 3 missing", 1), ("seen: slots 11\nmust: slots 13", 0), ("seen: slots 11", 2),
        ("seen: slots 13", 1),
    ]) func exitSaysWhetherItIsShown(_ header: String, status: Int32) throws {
        let run = try Self.run(try Self.parsed(header, Self.division))
        #expect(run.status == status, "\(run.output)")
        #expect(
            status == 2
                ? run.lastLine.hasSuffix(": undecided")
                : run.lastLine == (status == 1 ? "still shown" : "not shown"))
        #expect(run.output.contains("     6: code 0x3f dst 0 src 1 off 0 imm 0\n"))
        #expect(run.output.contains("     8: code 0x55 dst 6 src 0 off -6 imm 0  -> 3\n"))
        #expect(run.output.contains("\nsubprogram 1 starts at 11\n") && run.output.contains("\nline 2 is at 11\n"))
    }

    /// The result of a refused program is neither, and the verifier's reason is printed.
    @Test func refusalIsNamed() throws {
        let run = try Self.run(try Self.parsed("seen: slot 0 exit", "r0 = r5\nexit"))
        #expect(run.status == 2 && run.output.contains("R5 !read_ok"), "\(run.output)")
        let bug = try Self.run(try Self.parsed("seen: refusal \"R5 !read\"", "r0 = r5\nexit"))
        #expect(bug.status == 1 && bug.lastLine == "still shown")
        let other = try Self.run(try Self.parsed("seen: refusal \"R6 !read\"", "r0 = r5\nexit"))
        #expect(
            other.status == 2 && other.lastLine == "the program is refused for another reason: undecided")
    }

    /// Whatever can be loaded from here can be loaded from C: program types, maps, kernel functions and privileges.
    @Test func generatedProgramsAreLoaded() throws {
        let kernel = try RunningKernel()
        let facts = try kernel.facts
        let profiles = ProgramProfile.allCases.filter { $0.lacks(in: facts).isEmpty && $0 != .far }
        var generator = KernelProgramGenerator(seed: 3, profiles: profiles, facts: facts)
        var known: Set<String> = []
        var loaded = 0
        for index in 0..<UInt64(400) where loaded < 8 {
            let program = generator.make(index: index).loadable
            var words = Set(
                program.kernelFunctions + [program.type.name, program.privilege.rawValue, program.attachTarget ?? ""])
            for insn in program.program.insns where insn.isWide && insn.src >= 5 { words.insert("map \(insn.imm)") }
            if words.subtracting(known).count < 2 { continue }
            guard case .loaded(let fd) = kernel.load(program) else { continue }
            known.formUnion(words)
            loaded += 1
            let result = try kernel.read(fd)
            var c = Case(program)
            // The last instruction is no address.
            c.loading?.seen = .subprogram(row: 0, start: 0)
            let run = try Self.run(c, ["all"])
            #expect(run.status == 1, "case \(index) of seed 3: \(run.output.suffix(2000))")
            let insns = run.output.split(separator: "\n").count { $0.contains(": code 0x") }
            #expect(insns == result.insns.count, "case \(index) of seed 3")
        }
        #expect(known.count > 15, "\(known.sorted())")
    }
}
