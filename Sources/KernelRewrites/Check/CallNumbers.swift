import BPF
import Fuzzing
import Patching

/// Where calls of the result lead, once they have been compiled.
///
/// A compiled call holds where it leads twice: relative to itself, and as the number of the subprogram. Up to 7.0 the first
/// is cut to 16 bits in `off` and the second stands in `imm`; later kernels have them the other way round. A pseudo function
/// has the second in its second slot.
///
/// Rules ``KernelRule/compiledCall``, ``KernelRule/pseudoFunction`` and ``KernelRule/farCall``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `jit_subprogs`, at its end
struct CallNumbers {
    /// Where a call keeps what.
    enum Form: CaseIterable, Sendable {
        /// Not compiled: `imm` is relative.
        case relative
        case offsetThenNumber
        case numberThenOffset
        /// As `offsetThenNumber`, but whoever asks may not see numbers of calls: they are 0.
        case offsetAlone
    }

    let starts: UnsafeTypedBuffer<TableIndex, Subprogram>
    /// How many subprograms the result has, one of the kernel's own at the end included.
    let count: Int
    /// Where the one of the kernel's own starts, if there is one.
    let hidden: Int?
    /// Whether numbers of calls are shown at all.
    let areNumbersShown: Bool

    /// Where a subprogram starts; `nil` where there is none with that number.
    func start(_ number: Int) -> Int? {
        if number < 0 { return nil }
        if number < count { return unsafe Int(starts[TableIndex(number)].start) }
        return number == count ? hidden : nil
    }

    /// The number of the subprogram that starts there.
    private func number(at place: Int) -> Int? { (0...count).first { start($0) == place } }

    /// Whether what a call holds twice is the same.
    func agrees(_ insn: Instruction, at place: Int, _ form: Form) -> Bool {
        switch form {
        case .relative: insn.off == 0 && number(at: place + 1 + Int(insn.imm)) != nil
        case .offsetThenNumber: start(Int(insn.imm)) == place + 1 + Int(insn.off)
        case .numberThenOffset: start(Int(insn.off)) == place + 1 + Int(insn.imm)
        case .offsetAlone: insn.imm == 0 && number(at: place + 1 + Int(insn.off)) != nil
        }
    }

    /// The offset by which a call leads where it does.
    func offset(of insn: Instruction, _ form: Form) -> Int {
        switch form {
        case .relative, .numberThenOffset: Int(insn.imm)
        case .offsetThenNumber, .offsetAlone: Int(insn.off)
        }
    }

    /// Whether a call is one whose offset was cut to 16 bits, and its number looked up with what was left.
    ///
    /// The compiled call is right; only what is shown of it is not.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `jit_subprogs`: `find_subprog` is asked with the `off` that was just written
    private func isCut(_ insn: Instruction, at place: Int, offset: Int, _ form: Form) -> Bool {
        if form != .offsetThenNumber && form != .offsetAlone { return false }
        let isFar = Int(Int16(truncatingIfNeeded: offset)) != offset
        if !isFar || insn.off != Int16(truncatingIfNeeded: offset) { return false }
        return Int(insn.imm) == (form == .offsetAlone ? 0 : number(at: place + 1 + Int(insn.off)) ?? -2)
    }

    /// Gives the calls of a result the offsets by which they lead where they do, and reports those that say two things.
    ///
    /// - Parameters:
    ///   - calls: where they are
    ///   - result: the kernel's own, `found` the one that is compared, and `expected` the one that it is compared to
    ///   - findings: is given the disagreements
    /// - Returns: the form that the calls are in
    /// - Complexity: O(calls), where they are compiled
    func decode(
        _ calls: UnsafeTypedBuffer<TableIndex, OutputIndex>, _ callCount: Int,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>,
        into found: UnsafeTypedBuffer<OutputIndex, Instruction>,
        _ expected: UnsafeTypedBuffer<OutputIndex, Instruction>,
        _ findings: inout [Finding]
    ) -> Form {
        var isReported = false
        let form = form(calls, callCount, result)
        for number in 0..<callCount {
            let at = unsafe calls[TableIndex(number)]
            let insn = unsafe result[at]
            if insn.isWide {
                // Nothing is written there for the interpreter.
                if form == .relative { continue }
                let target = at.position + 1 + Int(insn.imm)
                let second = unsafe Int(result[at + 1].imm)
                if start(second) != target { findings.append(disagreement("pseudo-func", at, second, target)) }
                continue
            }
            let wanted = unsafe Int(expected[at].imm)
            if unsafe expected[at].jumpKind == .call && isCut(insn, at: at.position, offset: wanted, form) {
                unsafe found[at].imm = Int32(truncatingIfNeeded: wanted)
                if !isReported { findings.append(farCall(at, insn)) }
                isReported = true
                continue
            }
            let offset = offset(of: insn, form)
            unsafe found[at].imm = Int32(truncatingIfNeeded: offset)
            if agrees(insn, at: at.position, form) { continue }
            let value = Int(form == .numberThenOffset ? Int32(insn.off) : insn.imm)
            findings.append(disagreement("call", at, value, at.position + 1 + offset))
        }
        return form
    }

    private func farCall(_ at: OutputIndex, _ insn: Instruction) -> Finding {
        Finding(
            target: Finding.kernelTarget, rule: .encoding, insn: "far-call", edit: "none", pass: 0, place: at.position,
            detail:
                "the kernel shows the offset of the call at \(at) cut to 16 bits, \(insn.off), and \(insn.imm) as the "
                + "number of its subprogram (jit_subprogs)")
    }

    /// The form that most calls are in.
    private func form(
        _ calls: UnsafeTypedBuffer<TableIndex, OutputIndex>, _ callCount: Int,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>
    ) -> Form {
        var best = Form.offsetThenNumber
        var most = 0
        for form in [Form.offsetThenNumber, .numberThenOffset, .relative, .offsetAlone] {
            // A number that is 0 by mistake is not one that is withheld.
            if form == .offsetAlone && areNumbersShown { continue }
            var count = 0
            for number in 0..<callCount {
                let at = unsafe calls[TableIndex(number)]
                let insn = unsafe result[at]
                let isSame =
                    unsafe insn.isWide
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
            target: Finding.kernelTarget, rule: .wrongLanding, insn: name + "-number", edit: "none", pass: 0,
            place: at.position,
            detail: "slot \(at) leads to \(target), and to subprogram \(number)"
                + (start(number).map { ", which starts at \($0)" } ?? ", which is not there"))
    }
}
