import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF
import Patching
import TestSupport
import Testing

@testable import Campaign

/// The sentence of a kernel finding: it has the correct value and the actual one, and they differ.
@Suite struct KernelHeadlineTests {
    /// A wrong change of a kernel's result.
    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Changes a right result at a random place; returns false if it has none.
        var apply: @Sendable (inout Program, inout SeededNumbers) -> Bool

        init(_ name: String, _ apply: @escaping @Sendable (inout Program, inout SeededNumbers) -> Bool) {
            testDescription = name
            self.apply = apply
        }

        /// A change of a random instruction of some kind.
        init(
            _ name: String, of isMeant: @escaping @Sendable (Instruction) -> Bool,
            by change: @escaping @Sendable (inout Instruction, Int) -> Void
        ) {
            self.init(name) { program, numbers in
                let slots = program.insns.indices.filter { isMeant(program.insns[$0]) }
                guard let slot = slots.randomElement(using: &numbers) else { return false }
                change(&program.insns[slot], 1 + numbers.below(3))
                return true
            }
        }
    }

    /// The faults that the tool can inject into a result.
    private static let injected: [Change] = [.backJump, .subprogramStart, .lineDropped, .strange].map {
        (fault: InjectedKernelFault) in
        Change(fault.rawValue) { program, _ in
            let before = program
            fault.inject(into: &program, of: LoadableProgram(program: Program(insns: [])))
            return program != before
        }
    }

    private static let others: [Change] = [
        Change("a jump lands too far", of: { $0.jumpKind == .short }, by: { $0.off += Int16($1) }),
        Change("a jump lands too early", of: { $0.jumpKind == .short }, by: { $0.off -= Int16($1) }),
        Change(
            "may_goto's jump, which leaves its patch", of: { $0.code == 0x15 && $0.dst == 11 },
            by: { $0.off += Int16($1) }),
        Change("gotol", of: { $0.code == Opcode.gotol }, by: { $0.imm += Int32($1) }),
        Change("a call enters another slot", of: { $0.jumpKind == .call }, by: { $0.off += Int16($1) }),
        Change("a call has another number", of: { $0.jumpKind == .call }, by: { $0.imm += Int32($1) }),
        Change("an address leads elsewhere", of: { $0.jumpKind == .function }, by: { $0.imm += Int32($1) }),
        Change("an immediate", of: { $0.code == 0xb7 || $0.code == 0x07 }, by: { $0.imm ^= Int32($1) }),
        Change("a register", of: { $0.code & 7 == 1 }, by: { $0.dst ^= UInt8($1) }),
        Change("an opcode", of: { $0.code == 0x0f }, by: { insn, _ in insn.code = 0x1f }),
        Change("a store's offset", of: { $0.code & 7 == 3 }, by: { $0.off += Int16($1) }),
        Change("a subprogram starts late") { program, numbers in
            guard program.subprograms.count > 1 else { return false }
            program.subprograms[1 + numbers.below(program.subprograms.count - 1)].start += 1
            return true
        },
        Change("a subprogram is missing") { program, numbers in
            guard program.subprograms.count > 1 else { return false }
            program.subprograms.remove(at: 1 + numbers.below(program.subprograms.count - 1))
            return true
        },
        Change("a subprogram too many") { program, _ in
            guard !program.subprograms.isEmpty else { return false }
            program.subprograms.append(Subprogram(start: UInt32(program.insns.count - 1), id: 0))
            return true
        },
        Change("a line moves") { program, numbers in
            guard program.lines.count > 2 else { return false }
            program.lines[1 + numbers.below(program.lines.count - 1)].insnOff += 1
            return true
        },
        Change("a line has the id of another") { program, numbers in
            guard program.lines.count > 2 else { return false }
            program.lines[1 + numbers.below(program.lines.count - 1)].id += 1
            return true
        },
        Change("a line is missing") { program, numbers in
            guard program.lines.count > 2 else { return false }
            program.lines.remove(at: 1 + numbers.below(program.lines.count - 1))
            return true
        },
        Change("a line too many") { program, _ in
            guard let last = program.lines.last else { return false }
            program.lines.append(LineRecord(insnOff: last.insnOff + 1, id: last.id + 1))
            return true
        },
        Change("an instruction is missing") { program, numbers in
            guard program.insns.count > 3 else { return false }
            program.insns.remove(at: 1 + numbers.below(program.insns.count - 2))
            return true
        },
    ]

    static var changes: [Change] { injected + others }

    /// The word for an instruction in buckets, without direction and role.
    private static func family(_ insn: Instruction) -> String {
        insn.words(offset: nil, isShortJump: insn.jumpKind == .short)
    }

    private static func check(_ c: Case, _ result: Program, _ place: String) throws -> Bool {
        let headline = KernelHeadline(c)
        #expect(!headline.isContradictory, "\(place): \(headline.text)")
        #expect(headline.text.contains(headline.found.value), "\(place)")
        if let slot = headline.slot { #expect(result.insns.indices.contains(slot), "\(place): \(headline.text)") }
        if let must = headline.must {
            let isOne = must.value == headline.found.value && must.verb.base == headline.found.verb.base
            #expect(!isOne, "\(place): \(headline.text)")
            #expect(headline.text.contains(" must \(must.verb.base) \(must.value), "), "\(place): \(headline.text)")
        }
        let bucket = try #require(c.bucket.flatMap(Bucket.init))
        if bucket.rule == .wrongLanding, let slot = headline.slot, bucket.insn != "jump" {
            let kind = InstructionKind.allCases.map(\.rawValue).filter { word in
                bucket.insn == word || bucket.insn.hasPrefix(word + "-")
            }.max { $0.count < $1.count }
            #expect(kind == Self.family(result.insns[slot]), "\(place): \(bucket.text): \(headline.text)")
        }
        // A case that was stored says the same, and so does all that is made from it.
        let stored = try CaseFile.parse(CaseFile.print(c), file: "headline")
        #expect(KernelHeadline(stored).text == headline.text, "\(place)")
        #expect(c.detail?.hasPrefix(headline.text) == true, "\(place)")
        return headline.must != nil
    }

    @Test(.enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"), arguments: changes)
    func headlineTellsBoth(_ change: Change) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of KernelHeadlineTests.headlineTellsBoth: \(seed), \(change.testDescription)")
        var numbers = SeededNumbers(seed: seed)
        let kernel = try RunningKernel()
        var generator = KernelProgramGenerator(
            seed: seed, profiles: ProgramProfile.allCases.filter { $0 != .far }, facts: try kernel.facts)
        var checker = RewriteChecker(facts: try kernel.facts)
        var right = Program(insns: [], aux: [], subprograms: [])
        var (count, told, unexplained) = (0, 0, 0)
        for index in 0..<200 as Range<UInt64> where count + unexplained < 15 {
            let made = generator.make(index: index)
            guard case .loaded(let loaded) = kernel.load(made.loadable) else { continue }
            try kernel.read(loaded, into: &right)
            if !checker.check(made.loadable, live: made.live, result: right).isClean { continue }
            var result = right
            if !change.apply(&result, &numbers) { continue }
            let report = checker.check(made.loadable, live: made.live, result: result)
            for number in report.allFindings.indices {
                let c = KernelJudge.completed(Case(made.loadable), report, number, result: result)
                let place = "seed \(seed), index \(index)"
                let isTold = try Self.check(c, result, place)
                if report.allFindings[number].rule == .notUnderstood {
                    unexplained += 1
                    continue
                }
                count += 1
                if isTold {
                    told += 1
                } else {
                    print("no correct value, \(place): \(c.bucket ?? ""): \(c.detail ?? "")")
                }
                if count % 8 != 1 { continue }
                // The picture and the C program print the sentence.
                let picture = try CasePicture(c, patchers: [], width: 400).text()
                #expect(picture.contains("\n  " + KernelHeadline(c).text + "\n"), "\(place)")
                let program = try #require(KernelReproducer.text(of: c, file: "x.c"))
                #expect(
                    program.contains(
                        KernelHeadline(c).text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")), "\(place)")
            }
        }
        #expect(count + unexplained >= 5, "\(count) findings, \(unexplained) not understood")
        // Some values are the kernel's choice.
        #expect(count - told <= max(1, count / 10), "\(told) of \(count)")
    }

    /// The sentences of cases without a kernel's result, and of refusals and values.
    @Test(
        arguments: [
            ("crash/sigsegv/none", nil, "loading the program must end with a result, ends the process"),
            ("hang/none/none", nil, "loading the program must end in time, goes on without end"),
            (
                "error/verifier-bug/x", "refusal \"verifier bug: x\"",
                "the program must be accepted, is refused: verifier bug: x"
            ),
            (
                "execution/xdp/rnd-hi32", "value 0x5 with flags 0x4\nmust: value 0x0 with flags 0x0",
                "the program must return 0x0 as with flags 0x0, returns 0x5 with flags 0x4"
            ),
            ("layout/exit/none", "slots 1\nmust: slots 2", "the result must have 2 slots, has 1 slot"),
            (
                "wrong-landing/pseudo-func-forward/delete",
                "slot 0 leads to no subprogram\nmust: slot 0 leads to subprogram 1",
                "slot 0 must load the address of subprogram 1, loads the address of no subprogram"
            ),
            (
                "subprogram/start/none", "subprogram 1 missing\nmust: subprogram 1 at 3",
                "subprogram 1 must start at slot 3, is missing"
            ),
            (
                "line/extra/none", "line 7 id 7 at 4\nmust: line 7 missing",
                "line record 7 must be gone, is line 7 at slot 4"
            ),
        ] as [(String, String?, String)]) func fixedSentences(_ bucket: String, _ seen: String?, _ text: String) throws
    {
        let c = try CaseFile.parse(
            "target: kernel\nbucket: kernel/\(bucket)\ntype: xdp\n\(seen.map { "seen: \($0)\n" } ?? "")\nprogram\n  exit\n",
            file: "words")
        #expect(KernelHeadline(c).text == text)
    }

    /// A known fault is named with the commit that fixed it, in the picture and in the C program.
    @Test func fixesAreNamed() throws {
        let c = try CaseFile.parse(
            "target: kernel\nbucket: kernel/wrong-landing/call-backward/none\ntype: xdp\nseen: slot 0 exit\n\nprogram\n  exit\n",
            file: "known")
        let fix = "; fixed upstream: 67a3b916a7ae"
        #expect(try CasePicture(c, patchers: [], width: 400).text().contains("\n  known fault of Linux 6.12, 6.18: "))
        #expect(try CasePicture(c, patchers: [], width: 400).text().contains(fix + "\n"))
        #expect(try #require(KernelReproducer.text(of: c, file: "x.c")).contains(fix + "\n"))
        for fault in KnownFault.all {
            for row in fault.buckets {
                let notes = KnownFault.notes(on: row.bucket)
                #expect(
                    notes.contains { $0.contains(fault.sentence) && $0.hasSuffix(fault.mended ?? fault.sentence) },
                    "\(row.bucket)")
            }
        }
        #expect(KnownFault.notes(on: "kernel/none/none/none").isEmpty)
    }
}
