import BPF
import Patching

// MARK: Edit

extension Edit {
    /// The slot of the input after the replaced range.
    var end: Int { off.position + Int(remove) }

    /// The slots of the patch that are the replaced instruction itself: both if it is wide.
    var kept: Range<Int> { keep.map { $0.position..<$0.position + Int(remove) } ?? 0..<0 }
}

extension Reference {
    /// The origin of a slot of the result.
    enum Origin {
        /// A slot of the input that survives, kept in a patch or not.
        case input(Int)
        /// A slot of the patch of an edit, which is named by its number.
        case patch(edit: Int, Int)
    }

    /// The slots of the result in order: each edit's range is replaced by its patch.
    struct Layout {
        private(set) var origins: [Origin] = []
        /// The slot of the result of each input slot that survives.
        private(set) var slots: [Int?]
        /// The slot of the result at which each edit's patch starts.
        private(set) var patches: [Int] = []

        init(_ reference: Reference) {
            slots = Array(repeating: nil, count: reference.count)
            var next = 0
            for (number, edit) in reference.edits.enumerated() {
                for slot in next..<edit.off.position { survive(slot) }
                patches.append(origins.count)
                for index in edit.patch.indices {
                    if edit.kept.contains(index) {
                        survive(edit.off.position + index - edit.kept.lowerBound)
                    } else {
                        origins.append(.patch(edit: number, index))
                    }
                }
                next = edit.end
            }
            for slot in next..<reference.count { survive(slot) }
        }

        private mutating func survive(_ slot: Int) {
            slots[slot] = origins.count
            origins.append(.input(slot))
        }
    }

    /// The instruction of a slot of the result, before its offset is set.
    func instruction(of origin: Origin) -> Instruction {
        switch origin {
        case .input(let slot): program.insns[slot]
        case .patch(let number, let index): edits[number].patch[index]
        }
    }

    /// A jump or call of the result.
    struct Jump {
        /// The target of a jump or call.
        enum Target {
            /// An input index, by the rules of landings.
            case input(Int, home: Int)
            /// A slot of the result.
            case result(Int)
            /// Nothing: the jump leaves an append.
            case nothing
        }

        var target: Target
        var isCall: Bool
    }

    /// The jump or call in a slot of the result; `nil` for another instruction.
    func jump(of origin: Origin, in layout: Layout) -> Jump? {
        let insn = instruction(of: origin)
        guard let field = insn.offsetField else { return nil }
        let isCall = field == .callee
        switch origin {
        case .input(let slot):
            // A jump of the program, kept or not, still reaches its own target.
            let t = slot + 1 + insn.offset
            return Jump(target: .input(t, home: home(of: t, from: nil, isCall: isCall)), isCall: isCall)
        case .patch(let number, let index):
            let edit = edits[number]
            if let ref = edit.refs.first(where: { $0.from.position == index }) {
                let t = ref.to.position
                return Jump(target: .input(t, home: home(of: t, from: edit, isCall: isCall)), isCall: isCall)
            }
            return Jump(target: target(ofJumpAt: index, insn.offset, number, in: layout), isCall: isCall)
        }
    }

    /// The target of a jump that is relative to its patch.
    private func target(ofJumpAt index: Int, _ offset: Int, _ number: Int, in layout: Layout) -> Jump.Target {
        let (edit, start) = (edits[number], layout.patches[number])
        let target = index + 1 + offset
        if target < edit.patch.count { return .result(start + target) }
        // Leaving the patch: of an append, there is nothing; of an insertion, instruction `off` itself follows it.
        if edit.off.position == count { return .nothing }
        if edit.remove == 0 { return .result(start + edit.patch.count) }
        // Leaving any other patch is a jump to input index `off + remove`.
        return .input(edit.end, home: home(of: edit.end, from: edit, isCall: false))
    }
}
