import BPF
import Patching

/// The capabilities that a pass demands of a patcher.
///
/// Computed only if some patcher lacks capabilities.
///
/// - Source: `enum bpf_patcher_cap` of the C ABI
struct PassDemands {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    private let fields: JumpReading.Table
    private let places: UnsafeTypedBuffer<InputIndex, Int32>

    /// Analyzes a pass with its expectation, which must not be malformed.
    init(pass: PassImage, input: ProgramImage<InputIndex>, expectation: borrowing Expectation) {
        self.pass = pass
        self.input = input
        fields = expectation.fields
        places = expectation.targets.places
    }

    /// The demands among the first seven capabilities.
    ///
    /// - Complexity: O(edits), and O((slots + refs) × log edits) with deleted ranges
    func capabilities() -> PatcherCapabilities {
        var needs: PatcherCapabilities = []
        var deletesRange = false
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if edit.isDeletion {
                needs.insert(.delete)
                deletesRange = deletesRange || edit.remove > 1
                continue
            }
            if edit.isInsertion { needs.insert(.insert) }
            if edit.remove > 1 { needs.insert(.range) }
            if edit.skip { needs.insert(.skipJumps) }
            if edit.refCount > 0 { needs.insert(.refs) }
            if unsafe edit.keep != EditRecord.noKeep && fields[input.insns[edit.off]] != .none {
                needs.insert(.keepJump)
            }
        }
        if deletesRange && hasDeadTarget() { needs.insert(.deadTarget) }
        return needs
    }

    /// Returns true if a surviving jump or call, or one of a patch, targets a deleted range past its first slot.
    ///
    /// - Complexity: O((slots + refs) × log edits)
    func hasDeadTarget() -> Bool {
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let insn = unsafe input.insns[slot]
            let field = fields[insn]
            if unsafe field == .none || places[slot] < 0 { continue }
            if isDead(InputIndex(number &+ 1 &+ insn.offset(in: field))) { return true }
        }
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            for ref in 0..<Int(edit.refCount) {
                let target = unsafe pass.refs[edit.refStart + ref].to
                // A ref may have any target; one past the end is refused.
                if target.position < input.insnCount && isDead(target) { return true }
            }
        }
        return false
    }

    /// Returns true if a slot is in a deleted range, past its first slot.
    private func isDead(_ target: InputIndex) -> Bool {
        if unsafe places[target] >= 0 { return false }
        var low = 0
        var high = pass.editCount
        // The first edit that ends after the slot.
        while low < high {
            let middle = (low + high) / 2
            if pass.edit(middle).end <= target { low = middle + 1 } else { high = middle }
        }
        guard low < pass.editCount else { return false }
        let edit = pass.edit(low)
        return edit.isDeletion && edit.off < target
    }
}
