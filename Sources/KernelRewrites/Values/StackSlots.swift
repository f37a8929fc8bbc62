import BPF
import Fuzzing
import Patching

/// The stack slots that the kernel uses for itself in one subprogram: aligned, in order, and beyond the program's own.
///
/// Rule ``KernelRule/stackSlots``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups` and `optimize_bpf_loop`
struct StackSlots {
    private struct Use {
        var value: Int64
        var place: OutputIndex
    }

    private var home: TableIndex?
    private var counter: Use?
    private var saved: Use?
    /// The bytes of the counter: with a clock 16, else 8.
    private var counterSize: Int64 = 8

    /// Notes a slot, and returns the findings of the subprogram before if a new one begins.
    mutating func note(
        _ name: ChosenValue, _ value: Int64, _ step: AlignmentStep, home: TableIndex,
        input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>, isTimed: Bool
    ) -> [Finding] {
        var findings = home == self.home ? [] : finish(input, predictions)
        self.home = home
        let use = Use(value: value, place: step.place)
        if name == .counter {
            if isTimed { counterSize = 16 }
            if let counter, counter.value != value {
                findings.append(
                    finding("counter", use, "the counter is in slot \(counter.value), and here in \(value)"))
            }
            counter = counter ?? use
        } else {
            if let saved, saved.value != value {
                findings.append(finding("saved", use, "a register is saved at \(saved.value), and here at \(value)"))
            }
            saved = saved ?? use
        }
        return findings
    }

    /// Checks the slots of the last subprogram and forgets them.
    mutating func finish(
        _ input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) -> [Finding] {
        defer { self = StackSlots() }
        guard let home else { return [] }
        let own = Self.lowestAccess(of: home, input, predictions)
        var findings: [Finding] = []
        if let saved, saved.value % 8 != 0 || saved.value + 24 > own || saved.value < -Self.limit {
            findings.append(
                finding("saved", saved, "registers are saved at \(saved.value), and the stack ends at \(own)"))
        }
        if let counter {
            let end = saved.map { $0.value } ?? own
            let isRight =
                saved == nil ? counter.value + counterSize <= end : counter.value + counterSize == end
            if !isRight || counter.value % 8 != 0 || counter.value < -Self.limit {
                findings.append(
                    finding("counter", counter, "the counter is at \(counter.value), and the stack ends at \(end)"))
            }
        }
        return findings
    }

    /// `MAX_BPF_STACK`, and the slots of the kernel itself; a compiled program may have both.
    private static let limit: Int64 = 512 + 24 + 16

    /// The lowest byte of the stack that a subprogram itself accesses by the frame pointer.
    private static func lowestAccess(
        of home: TableIndex, _ input: ProgramImage<InputIndex>,
        _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) -> Int64 {
        var lowest: Int16 = 0
        for number in unsafe Int(input.subprograms[home].start)..<input.end(of: home) {
            let slot = InputIndex(number)
            let insn = unsafe input.insns[slot]
            let isLoad = insn.code & Opcode.classMask == Opcode.loadClass && insn.src == Register.frame
            if isLoad || insn.isStore && insn.dst == Register.frame, unsafe !predictions[slot].isRemoved {
                lowest = min(lowest, insn.off)
            }
        }
        return Int64(lowest)
    }

    private func finding(_ name: String, _ use: Use, _ text: String) -> Finding {
        Finding(
            target: Finding.kernelTarget, rule: .encoding, insn: "stack-\(name)", edit: "none", pass: 0,
            place: use.place.position, detail: "slot \(use.place): \(text)")
    }
}
