import BPF
import Fuzzing
import Patching

/// Predicts the lines that the kernel shows of a blinded program with several functions.
///
/// Each function is blinded as a copy, whose slots count from its own start. The copies share the lines of the program,
/// which count from the program's start, and which therefore move once for each function.
///
/// Rule ``KernelRule/sharedLines``.
///
/// - Source: 6.12 `kernel/bpf/core.c`, `bpf_adj_linfo` and `bpf_jit_blind_constants`; `verifier.c`, `jit_subprogs`
struct SharedLines {
    /// The lines as the fault moves them.
    private(set) var lines: [LineRecord]

    /// - Parameter program: what the kernel must give
    /// - Complexity: O(slots + functions × lines)
    init(_ program: ProgramImage<OutputIndex>) {
        lines = program.lines.array(count: program.lineCount)
        for number in 0..<program.subprogramCount {
            let start = unsafe Int(program.subprograms[TableIndex(number)].start)
            let isLast = number + 1 == program.subprogramCount
            let end = unsafe isLast ? program.insnCount : Int(program.subprograms[TableIndex(number + 1)].start)
            var line = 0
            // The place in the growing copy.
            var place = 0
            var moved: UInt32 = 0
            var isUpper = false
            for slot in start..<end {
                let insn = unsafe program.insns[OutputIndex(slot)]
                // The second slot of a wide load becomes three.
                let count = isUpper ? 3 : insn.blindedCount
                isUpper = insn.isWide && insn.isBlindable
                // Lines up to the slot do not move by its patch.
                while line < lines.count && Int(lines[line].insnOff) + Int(moved) <= place {
                    lines[line].insnOff += moved
                    line += 1
                }
                moved += UInt32(count - 1)
                place += count
            }
            while line < lines.count {
                lines[line].insnOff += moved
                line += 1
            }
        }
    }

    /// The finding if a kernel shows these lines instead of the right ones; `nil` if both are the same.
    func finding(insteadOf right: [LineRecord]) -> Finding? {
        guard let row = lines.indices.first(where: { lines[$0] != right[$0] }) else { return nil }
        return Finding(
            target: Finding.kernelTarget, rule: .line, insn: "shared", edit: "blinding", pass: 0, place: row,
            detail:
                "record \(row): expected id \(right[row].id) at \(right[row].insnOff), found id \(lines[row].id) at "
                + "\(lines[row].insnOff); blinding a function moves the lines of all, and all have moved as that moves them"
        )
    }
}
