import BPF
import Patching

extension Reference {
    /// The instructions of the result in order, with their aux words; offsets are not set yet.
    struct Layout {
        private(set) var insns: [Instruction] = []
        private(set) var aux: [UInt32] = []
        /// The slot of the result of each input slot that survives, kept ones too.
        private(set) var slots: [Int?]
        /// The slot of the result at which each edit's patch starts.
        private(set) var patches: [Int] = []
        /// The jumps and calls of the result.
        private(set) var jumps: [Jump] = []

        init(_ reference: Reference) {
            slots = Array(repeating: nil, count: reference.count)
            var next = 0
            for edit in reference.edits {
                for slot in next..<edit.off.position { survive(slot, of: reference) }
                add(edit, of: reference)
                next = edit.end
            }
            for slot in next..<reference.count { survive(slot, of: reference) }
        }

        /// Adds an input slot, with its aux word; a jump still reaches its own target.
        private mutating func survive(_ slot: Int, of reference: Reference) {
            let insn = reference.program.insns[slot]
            slots[slot] = insns.count
            if let place = insn.offsetPlace, !reference.isSecond(slot) {
                let target = slot + 1 + insn.offset
                jumps.append(
                    Jump(
                        slot: insns.count, target: .input(target, home: reference.subprogram(of: target)),
                        isCall: place == .callee))
            }
            insns.append(insn)
            aux.append(reference.program.aux[slot])
        }

        /// Adds a patch. Its aux words are 0, but for kept slots, and the last slot of a patch without `keep` that
        /// replaces something.
        private mutating func add(_ edit: Edit, of reference: Reference) {
            let first = insns.count
            patches.append(first)
            for (number, insn) in edit.patch.enumerated() {
                if edit.kept.contains(number) {
                    survive(edit.off.position + number - edit.kept.lowerBound, of: reference)
                    continue
                }
                let isSecond = number > 0 && edit.patch[number - 1].code == 0x18 && !edit.kept.contains(number - 1)
                if let place = insn.offsetPlace, !isSecond {
                    jumps.append(
                        Jump(
                            slot: insns.count, target: target(of: insn, number, in: edit, at: first, of: reference),
                            isCall: place == .callee))
                }
                insns.append(insn)
                aux.append(0)
            }
            if edit.remove > 0 && edit.keep == nil && !edit.patch.isEmpty {
                aux[aux.count - 1] = reference.program.aux[edit.off.position]
            }
        }

        /// What a jump or call of a patch reaches: its ref, a slot of the patch, or what follows the edit.
        private func target(
            of insn: Instruction, _ number: Int, in edit: Edit, at first: Int, of reference: Reference
        ) -> Target {
            if let ref = edit.refs.first(where: { $0.from.position == number }) {
                let to = ref.to.position
                let isCall = insn.offsetPlace == .callee
                return .input(to, home: isCall ? reference.subprogram(of: to) : reference.home(of: edit))
            }
            let target = number + 1 + insn.offset
            if target < edit.patch.count { return .result(first + target) }
            if edit.off.position == reference.count { return .nothing }
            // Out of an insertion: to the instruction that it stands before.
            if edit.remove == 0 { return .result(first + edit.patch.count) }
            return .input(edit.end, home: reference.home(of: edit))
        }
    }
}
