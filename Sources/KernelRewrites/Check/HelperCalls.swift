import BPF
import Fuzzing
import KernelModel
import Patching

/// What calls of helpers in one program must have in common.
///
/// Which function stands behind a helper's number, and whether its call is inlined, is up to the kernel and the type of
/// program, and so the same for all calls of it.
struct HelperCalls {
    /// Whether addresses of helpers are shown.
    let areAddressesShown: Bool
    /// What was seen so far: whether a helper is inlined, the address of each, and the helper at each address.
    private var inlining: [Int32: Bool] = [:]
    private var addresses: [Int32: Int32] = [:]
    private var owners: [Int32: Int32] = [:]

    init(areAddressesShown: Bool) { self.areAddressesShown = areAddressesShown }

    /// Whether all calls of a helper are of one function, and no other helper is: those that depend on nothing but the type
    /// of program, and do what no other does.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
    static func hasOneFunction(_ helper: Int32) -> Bool {
        switch helper {
        case 4...8, 14...16, 42, 112...115, 125, 160, 208: true
        default: false
        }
    }

    /// Whether a helper is inlined everywhere or nowhere.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `verifier_inlines_helper_call` and `do_misc_fixups`
    static func isInlinedAlike(_ helper: Int32) -> Bool {
        switch helper {
        case HelperNumber.processorID, HelperNumber.currentTask, HelperNumber.currentTaskBTF,
            HelperNumber.jiffies, HelperNumber.kptrExchange:
            true
        default: false
        }
    }

    /// Reports the first call that is not as those before it.
    ///
    /// - Complexity: O(slots)
    mutating func check(
        _ input: ProgramImage<InputIndex>, _ fates: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ alignment: borrowing Alignment,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>, _ report: inout RewriteReport
    ) {
        var (slot, place) = (InputIndex(0), OutputIndex(0))
        for number in 0...alignment.stepCount {
            let isEnd = number == alignment.stepCount
            let stop = unsafe isEnd ? InputIndex(input.insnCount) : alignment.steps[TableIndex(number)].slot
            while slot < stop {
                if unsafe !fates[slot].isRemoved {
                    if let finding = unsafe look(input.insns[slot], place, place, result) {
                        report.findings.append(finding)
                        return
                    }
                    place = place + 1
                }
                slot = slot + 1
            }
            if isEnd { return }
            let step = unsafe alignment.steps[TableIndex(number)]
            if step.kind == .shape && step.shape.rewrite == .fastcall { continue }
            if step.kind == .shape {
                let called = step.shape.keep == Shape.none ? nil : place + Int(step.shape.keep)
                if let finding = unsafe look(input.insns[slot], place, called, result) {
                    report.findings.append(finding)
                    return
                }
            }
            slot = slot + Int(step.width)
            place = place + Int(step.shape.count)
        }
    }

    /// Notes a call of a helper, if an instruction is one; says what is wrong with it.
    ///
    /// - Parameter called: where the call stands; `nil` where it is inlined
    @inline(__always)
    private mutating func look(
        _ insn: Instruction, _ place: OutputIndex, _ called: OutputIndex?,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>
    ) -> Finding? {
        if insn.code != Opcode.call || insn.src != 0 { return nil }
        return compare(insn.imm, place, called.map { unsafe result[$0].imm })
    }

    private mutating func compare(_ helper: Int32, _ place: OutputIndex, _ address: Int32?) -> Finding? {
        if HelperCalls.isInlinedAlike(helper) {
            let wasInlined = inlining[helper] ?? (address == nil)
            inlining[helper] = wasInlined
            if wasInlined != (address == nil) {
                return finding("helper-inlining", place, "helper \(helper) is \(wasInlined ? "called" : "inlined")")
            }
        }
        guard areAddressesShown, HelperCalls.hasOneFunction(helper), let address else { return nil }
        let known = addresses[helper] ?? address
        let owner = owners[address] ?? helper
        addresses[helper] = known
        owners[address] = owner
        if known == address && owner == helper { return nil }
        return finding("helper-address", place, "helper \(helper) is called at \(address)")
    }

    private func finding(_ name: String, _ place: OutputIndex, _ what: String) -> Finding {
        Finding(
            target: "kernel", rule: .encoding, insn: name, edit: "none", pass: 0, place: place.position,
            detail: "slot \(place): \(what), which does not go with the calls before it")
    }
}
