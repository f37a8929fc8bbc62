import BPF
import Fuzzing
import KernelModel
import KernelRewrites
import Testing

/// A fault that some kernel had, or could have, in what it gives back.
struct PlantedKernelFault: Sendable, CustomTestStringConvertible {
    var name: String
    /// The start of the bucket in which it must be found.
    var bucket: String
    /// Spoils a right result; the labels are those of its listing.
    var spoil: @Sendable (inout Program, [String: Int]) -> Void
    var testDescription: String { name }
}

extension Program {
    /// Takes one slot out, with all jumps over it and everything behind it moved.
    fileprivate mutating func remove(_ slot: Int) {
        for number in insns.indices {
            let kind = insns[number].jumpKind
            let target = number + 1 + insns[number].jumpOffset(kind)
            if !kind.isJump || (number < slot) == (target <= slot) { continue }
            _ = insns[number].setJumpOffset(insns[number].jumpOffset(kind) + (number < slot ? -1 : 1), kind)
        }
        insns.remove(at: slot)
        aux.removeLast()
        for row in subprograms.indices where subprograms[row].start > slot { subprograms[row].start -= 1 }
        for row in lines.indices where lines[row].insnOff > slot { lines[row].insnOff -= 1 }
    }
}

private let faults: [PlantedKernelFault] = [
    PlantedKernelFault(
        name: "a jump back to a patched instruction enters its second", bucket: "kernel/wrong-landing/cond-backward"
    ) {
        $0.insns[$1["back"]!].off += 1
    },
    PlantedKernelFault(name: "a jump back is not adjusted", bucket: "kernel/wrong-landing/cond-backward") {
        $0.insns[$1["back"]!].off += 9
    },
    PlantedKernelFault(
        name: "may_goto backward compensated as if forward", bucket: "kernel/wrong-landing/cond-backward-ref"
    ) {
        $0.insns[$1["mayback"]! + 1].off += 3
    },
    PlantedKernelFault(name: "may_goto forward not compensated", bucket: "kernel/wrong-landing/cond-forward-ref") {
        $0.insns[$1["top"]! + 1].off -= 5
    },
    PlantedKernelFault(
        name: "a jump to the first instruction sets the counter again", bucket: "kernel/wrong-landing/ja-backward"
    ) {
        $0.insns[$1["first"]!].off -= 2
    },
    PlantedKernelFault(name: "a call goes past the code at the start", bucket: "kernel/wrong-landing/call-forward") {
        $0.insns[$1["next"]! + 1].off += 2
    },
    PlantedKernelFault(name: "a call to an earlier subprogram is off", bucket: "kernel/wrong-landing/call") {
        $0.insns[$1["last"]! - 1].off -= 1
    },
    PlantedKernelFault(name: "a call has the number of another subprogram", bucket: "kernel/wrong-landing/call-number")
    {
        $0.insns[$1["calltail"]!].imm = 2
    },
    PlantedKernelFault(name: "a pseudo function is not adjusted", bucket: "kernel/wrong-landing/pseudo-func") {
        $0.insns[$1["func"]!].imm += 1
    },
    PlantedKernelFault(
        name: "the number of a pseudo function is stale", bucket: "kernel/wrong-landing/pseudo-func-number"
    ) {
        $0.insns[$1["func"]! + 1].imm += 1
    },
    PlantedKernelFault(name: "the callback of a loop is called somewhere else", bucket: "kernel/wrong-landing/call") {
        $0.insns[$1["loopcall"]!].off += 2
        $0.insns[$1["loopcall"]!].imm = 3
    },
    PlantedKernelFault(name: "the start of a subprogram moved behind its prologue", bucket: "kernel/subprogram/start") {
        $0.subprograms[1].start += 2
        _ = $1
    },
    PlantedKernelFault(name: "the row of a subprogram that stands is gone", bucket: "kernel/subprogram/start") {
        $0.subprograms.remove(at: 2)
        _ = $1
    },
    PlantedKernelFault(
        name: "the row of a dead subprogram stayed in place of its neighbour", bucket: "kernel/subprogram/start"
    ) {
        $0.subprograms[2].id = 2
        _ = $1
    },
    PlantedKernelFault(name: "the row of a dead subprogram is left at the end", bucket: "kernel/subprogram/extra") {
        $0.subprograms.append(Subprogram(start: UInt32($1["last"]!), id: 2))
    },
    PlantedKernelFault(name: "a line did not move", bucket: "kernel/line/record") {
        $0.lines[5].insnOff -= 3
        _ = $1
    },
    PlantedKernelFault(name: "a line went to the last slot of a patch", bucket: "kernel/line/record") {
        let row = $0.lines.firstIndex { $0.id == 4 }!
        $0.lines[row].insnOff += 3
        _ = $1
    },
    PlantedKernelFault(name: "a line was not inherited", bucket: "kernel/line/record") { program, _ in
        program.lines.removeAll { $0.id == 5 }
    },
    PlantedKernelFault(name: "a line of dead code was kept", bucket: "kernel/line/record") {
        let row = $0.lines.firstIndex { $0.id == 8 }!
        $0.lines[row].id = 7
        _ = $1
    },
    PlantedKernelFault(name: "all lines are gone", bucket: "kernel/line/missing") {
        $0.lines = []
        _ = $1
    },
    PlantedKernelFault(name: "a live instruction is missing", bucket: "kernel/layout/alu64/missing") {
        $0.remove($1["next"]!)
    },
]

@Suite("Faults planted in what a kernel gives back")
struct PlantedKernelFaultTests {
    @Test("are not there in the right result")
    func right() throws {
        let report = check(
            try Listing(Composite.input),
            try Listing(Composite.result, ids: Composite.ids, isCompiled: true).program, flags: .testRndHi32)
        #expect(report.gaps.isEmpty, "\(report.gaps)")
        #expect(report.findings.isEmpty, "\(report.findings)")
        let seen = Set(report.applied.map(\.rewrite))
        #expect(
            seen == [
                .mayGotoStart, .mayGoto, .nop, .division, .loop, .deadCode, .rndHi32, .signedModulo,
            ])
        #expect(report.coverage[.mayGoto, .first, .conditionalBackward] == 1)
        #expect(report.coverage[.mayGoto, .from, .mayGotoBackward] == 1)
        #expect(report.coverage[.mayGoto, .first, .jaBackward] == 1)
        #expect(report.passes.count == 2)
    }

    @Test("are found in the rule that they break", arguments: faults)
    func found(_ fault: PlantedKernelFault) throws {
        let result = try Listing(Composite.result, ids: Composite.ids, isCompiled: true)
        var spoilt = result.program
        fault.spoil(&spoilt, result.labels)
        let report = check(try Listing(Composite.input), spoilt, flags: .testRndHi32)
        let buckets = report.findings.map(\.bucket)
        #expect(buckets.contains { $0.hasPrefix(fault.bucket) }, "\(buckets) \(report.gaps)")
    }

    @Test("are never passed over: one bit of any slot")
    func oneBit() throws {
        let input = try Listing(Composite.input)
        let result = try Listing(Composite.result, ids: Composite.ids, isCompiled: true).program
        // What the kernel may choose: addresses of calls and random constants.
        for slot in result.insns.indices {
            let insn = result.insns[slot]
            let isFree = (insn.code == Opcode.call && insn.src == 0) || (insn.isAssignment(11) && insn.imm == 77)
            for bit in 0..<(isFree ? 32 : 64) {
                var spoilt = result
                spoilt.insns[slot].bits ^= 1 << UInt64(bit)
                // The stack slot of the counter is the kernel's choice, once it is the same everywhere.
                let report = check(input, spoilt, flags: .testRndHi32)
                #expect(!report.isClean, "bit \(bit) of slot \(slot), \(insn) as \(spoilt.insns[slot])")
            }
        }
    }

    @Test("dead code that is left is a finding")
    func left() throws {
        let input = try Listing(
            "fn r0 = 1001\n goto done\n x r0 = 1002\n x r0 = 1003\n done: r0 = 1004\n r7 = 1005\n exit")
        let result = try Listing(
            "fn r0 = 1001\n goto done\n r0 = 1002\n r0 = 1003\n done: r0 = 1004\n r7 = 1005\n exit")
        let report = check(input, result.program)
        #expect(report.findings.map(\.bucket) == ["kernel/layout/alu64/left"])
    }

    @Test("an offset that was cut is a finding")
    func cut() throws {
        var input = Program(insns: [Instruction(code: 0x15, dst: 0, off: 10_000, imm: 9)])
        var result = Program(insns: [Instruction(code: 0x15, dst: 0, off: Int16(truncatingIfNeeded: 40_000), imm: 9)])
        let division = try Assembler.statement("r2 /= r3").insn
        let patch = try ["if r3 != 0 goto +2", "w2 ^= w2", "goto +1", "r2 /= r3"].map {
            try Assembler.statement($0).insn
        }
        for _ in 0..<10_000 {
            input.insns.append(division)
            result.insns += patch
        }
        let exit = Instruction(code: Opcode.exit)
        input.insns.append(exit)
        result.insns.append(exit)
        input.aux = Array(repeating: 0, count: input.insns.count)
        var checker = RewriteChecker(facts: .example)
        let report = checker.check(
            LoadableProgram(program: input), live: Array(repeating: true, count: input.insns.count), result: result)
        #expect(report.gaps.isEmpty)
        #expect(report.findings.map(\.bucket) == ["kernel/error/erange-became-accepted/keep"])
    }
}

extension Instruction {
    /// Whether it moves a constant to a register.
    fileprivate func isAssignment(_ register: UInt8) -> Bool { code == Opcode.movImmediate64 && dst == register }
}
