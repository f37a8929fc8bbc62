import BPF
import Fuzzing
import Patching

/// Where calls of the result lead, once they have been compiled.
///
/// A compiled call holds where it leads twice: relative to itself, and as the number of the subprogram. Up to 7.0 the first
/// is cut to 16 bits in `off` and the second stands in `imm`; later kernels have them the other way round. A pseudo function
/// has the second in its second slot.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `jit_subprogs`, at its end
struct CallNumbers {
    /// Where a call keeps what.
    enum Form: CaseIterable {
        /// Not compiled: `imm` is relative.
        case relative
        case offsetThenNumber
        case numberThenOffset
        /// As `offsetThenNumber`, but whoever asks may not see numbers of calls: they are 0.
        case offsetAlone
    }

    let starts: Row<TableIndex, Subprogram>
    /// How many subprograms the result has, one of the kernel's own at the end included.
    let count: Int
    /// Where the one of the kernel's own starts, if there is one.
    let hidden: Int?

    /// Where a subprogram starts; `nil` where there is none with that number.
    func start(_ number: Int) -> Int? {
        if number < 0 { return nil }
        if number < count { return Int(starts[TableIndex(number)].start) }
        return number == count ? hidden : nil
    }

    /// Whether what a call holds twice is the same.
    func agrees(_ insn: Instruction, at place: Int, _ form: Form) -> Bool {
        switch form {
        case .relative:
            let target = place + 1 + Int(insn.imm)
            return insn.off == 0 && (0..<count).contains { start($0) == target }
        case .offsetThenNumber:
            guard let start = start(Int(insn.imm)) else { return false }
            return Int16(truncatingIfNeeded: start - place - 1) == insn.off
        case .numberThenOffset:
            guard let start = start(Int(insn.off)) else { return false }
            return start - place - 1 == Int(insn.imm)
        case .offsetAlone: return insn.imm == 0 && whole(insn.off, at: place) != nil
        }
    }

    /// The offset of which a field of 16 bits is what is left: the shortest that leads to a subprogram.
    private func whole(_ off: Int16, at place: Int) -> Int? {
        var best: Int?
        for number in 0...count {
            guard let start = start(number) else { continue }
            let offset = start - place - 1
            if Int16(truncatingIfNeeded: offset) != off { continue }
            if best.map({ abs($0) > abs(offset) }) ?? true { best = offset }
        }
        return best
    }

    /// The offset by which a call leads where it does.
    func offset(of insn: Instruction, at place: Int, _ form: Form) -> Int {
        switch form {
        case .relative, .numberThenOffset: return Int(insn.imm)
        case .offsetAlone: return whole(insn.off, at: place) ?? Int(insn.off)
        case .offsetThenNumber: break
        }
        // What was cut off can be told from the number, as long as the two agree.
        return agrees(insn, at: place, form) ? (start(Int(insn.imm)) ?? 0) - place - 1 : Int(insn.off)
    }

    /// Gives the calls of a result the offsets by which they lead where they do, and reports those that say two things.
    ///
    /// - Parameters:
    ///   - calls: where they are
    ///   - result: the kernel's own, and `found` the one that is compared
    /// - Complexity: O(calls), where they are compiled
    func settle(
        _ calls: Row<TableIndex, OutputIndex>, _ callCount: Int, _ result: Row<OutputIndex, Instruction>,
        _ found: Row<OutputIndex, Instruction>, _ report: inout RewriteReport
    ) {
        let form = form(calls, callCount, result)
        for number in 0..<callCount {
            let at = calls[TableIndex(number)]
            let insn = result[at]
            if insn.isWide {
                // Nothing is written there for the interpreter.
                if form == .relative { continue }
                let target = at.position + 1 + Int(insn.imm)
                let second = Int(result[at + 1].imm)
                if start(second) != target { report.findings.append(disagreement("pseudo-func", at, second, target)) }
                continue
            }
            _ = found[at].setJumpOffset(offset(of: insn, at: at.position, form), .call)
            if agrees(insn, at: at.position, form) { continue }
            let value = Int(form == .numberThenOffset ? Int32(insn.off) : insn.imm)
            let target = at.position + 1 + offset(of: insn, at: at.position, form)
            report.findings.append(disagreement("call", at, value, target))
        }
    }

    /// The form that most calls are in.
    private func form(
        _ calls: Row<TableIndex, OutputIndex>, _ callCount: Int, _ result: Row<OutputIndex, Instruction>
    ) -> Form {
        var best = Form.offsetThenNumber
        var most = 0
        for form in [Form.offsetThenNumber, .numberThenOffset, .relative, .offsetAlone] {
            var count = 0
            for number in 0..<callCount {
                let at = calls[TableIndex(number)]
                let insn = result[at]
                let isSame =
                    insn.isWide
                    ? form != .relative && start(Int(result[at + 1].imm)) == at.position + 1 + Int(insn.imm)
                    : agrees(insn, at: at.position, form)
                count += isSame ? 1 : 0
            }
            if count == callCount { return form }
            if count > most { (best, most) = (form, count) }
        }
        return best
    }

    private func disagreement(_ name: String, _ at: OutputIndex, _ number: Int, _ target: Int) -> Finding {
        Finding(
            target: "kernel", rule: .wrongLanding, insn: name + "-number", edit: "none", pass: 0, place: at.position,
            detail: "slot \(at) leads to \(target), and to subprogram \(number)"
                + (start(number).map { ", which starts at \($0)" } ?? ", which is not there"))
    }
}
