import BPF
import Fuzzing
import Patching

/// What calls of helpers in one program must have in common.
///
/// Which function stands behind a helper's number, and whether its call is inlined, is up to the kernel and the type of
/// program, and so the same for all calls of it.
struct HelperCalls {
    /// Whether addresses of helpers are shown.
    let areAddressesShown: Bool

    /// Whether all calls of a helper are of one function: not where it depends on the map or the arguments.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
    static func hasOneFunction(_ helper: Int32) -> Bool {
        switch helper {
        case 4...11, 14...17, 26, 28, 34...37, 42, 80, 112...115, 118, 123, 125, 158, 160, 177, 208: true
        default: false
        }
    }

    /// Whether a helper is inlined everywhere or nowhere.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `verifier_inlines_helper_call` and `do_misc_fixups`
    static func isInlinedAlike(_ helper: Int32) -> Bool {
        switch helper {
        case CallShapes.Helper.processorID, CallShapes.Helper.currentTask, CallShapes.Helper.currentTaskBTF,
            CallShapes.Helper.jiffies, CallShapes.Helper.kptrExchange:
            true
        default: false
        }
    }

    /// Reports the first call that is not as those before it.
    ///
    /// - Complexity: O(slots)
    func check(
        _ input: ProgramImage<InputIndex>, _ fates: Row<InputIndex, Fate>, _ alignment: borrowing Alignment,
        _ result: Row<OutputIndex, Instruction>, _ report: inout RewriteReport
    ) {
        // What was seen of each helper: inlined, or the address that is called.
        var addresses: [Int32: Int32] = [:]
        var inlined: Set<Int32> = []
        var numbers: [Int32: Int32] = [:]
        let steps = alignment.steps
        var step = 0
        var place = OutputIndex(0)
        var slot = InputIndex(0)
        while slot.position < input.insnCount {
            while step < alignment.stepCount, steps[TableIndex(step)].slot == slot,
                steps[TableIndex(step)].kind == .start
            {
                place = place + Int(steps[TableIndex(step)].shape.count)
                step += 1
            }
            if step < alignment.stepCount, steps[TableIndex(step)].slot == slot,
                steps[TableIndex(step)].shape.rewrite == .fastcall
            {
                step += 1
                continue
            }
            let insn = input.insns[slot]
            let isHelper = insn.code == Opcode.call && insn.src == 0
            var width = insn.width
            var count = fates[slot].isRemoved ? 0 : insn.width
            var called: OutputIndex? = count > 0 ? place : nil
            if step < alignment.stepCount, steps[TableIndex(step)].slot == slot {
                let shape = steps[TableIndex(step)].shape
                called = shape.keep == Shape.none ? nil : place + Int(shape.keep)
                (width, count) = (Int(steps[TableIndex(step)].width), Int(shape.count))
                step += 1
            }
            if isHelper && count > 0 {
                let helper = insn.imm
                if let called {
                    let address = result[called].imm
                    let isOther = HelperCalls.hasOneFunction(helper) && addresses[helper].map { $0 != address } ?? false
                    let isShared =
                        HelperCalls.hasOneFunction(helper) && numbers[address].map { $0 != helper } ?? false
                    if areAddressesShown && (isOther || isShared) {
                        report.findings.append(finding("helper", called, "helper \(helper) is called at \(address)"))
                        return
                    }
                    addresses[helper] = address
                    if HelperCalls.hasOneFunction(helper) { numbers[address] = helper }
                } else {
                    inlined.insert(helper)
                }
                if HelperCalls.isInlinedAlike(helper) && inlined.contains(helper) && addresses[helper] != nil {
                    report.findings.append(
                        finding("helper-inlining", place, "helper \(helper) is inlined here or before, but not both"))
                    return
                }
            }
            slot = slot + width
            place = place + count
        }
    }

    private func finding(_ name: String, _ place: OutputIndex, _ what: String) -> Finding {
        Finding(
            target: "kernel", rule: .encoding, insn: name, edit: "none", pass: 0, place: place.position,
            detail: "slot \(place): \(what), and elsewhere in the program it is otherwise")
    }
}
