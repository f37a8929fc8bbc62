import BPF

/// A program that is split into basic blocks, numbered in order.
struct BlockProgram {
    /// In ``goals``: the slot is no jump or call.
    static let noGoal = UInt32.max

    /// Memory for a split program, kept for the whole run.
    struct Storage: ~Copyable {
        private var leaders = SlotSet.Storage()
        private var goals = RowStorage<UInt32>()
        private var branches = RowStorage<InputIndex>()

        /// Splits a program so that everything that a pass lets stand lands on the start of a block.
        ///
        /// - Complexity: O(slots + edits + jumps)
        mutating func split(
            _ input: ProgramImage<InputIndex>, for pass: PassImage
        ) -> BlockProgram {
            goals.reserve(input.insnCount)
            branches.reserve(input.insnCount + 1)
            var program = BlockProgram(leaders: leaders.makeSet(slots: input.insnCount), goals: goals.row())
            program.split(input, for: pass, branches: branches.row())
            return program
        }
    }

    /// Where blocks start.
    private let leaders: SlotSet
    /// What the jump or call at each slot reaches, or ``noGoal``.
    let goals: Row<InputIndex, UInt32>
    /// How many blocks there are.
    private(set) var count = 0
    /// Whether a jump leaves a patch behind which nothing stands in its subprogram.
    private(set) var isDangling = false

    private init(leaders: SlotSet, goals: Row<InputIndex, UInt32>) {
        self.leaders = leaders
        self.goals = goals
    }

    /// 1 where a block starts, else 0.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func leader(at slot: InputIndex) -> UInt32 { UInt32(truncatingIfNeeded: leaders.member(slot)) }

    /// How many blocks start before a slot.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func blocks(before slot: InputIndex) -> UInt32 {
        UInt32(truncatingIfNeeded: leaders.count(through: slot + -1))
    }

    /// The number of the block that starts at a slot.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func block(at slot: InputIndex) -> UInt32 { UInt32(truncatingIfNeeded: leaders.count(through: slot) &- 1) }

    /// What a jump or call reaches that targets a slot: the block that starts there, and how it is entered.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func goal(at slot: InputIndex, isCall: Bool) -> UInt32 { block(at: slot) &* 2 &+ (isCall ? 1 : 0) }

    private mutating func split(
        _ input: ProgramImage<InputIndex>, for pass: PassImage,
        branches: Row<TableIndex, InputIndex>
    ) {
        let kinds = JumpKindTable.shared.view
        let insns = input.insns
        let goals = goals
        // Every slot is written to the list, but only a jump stays there, so that nothing branches on what a slot is.
        var branchCount: UInt32 = 0
        var slot = InputIndex(0)
        while slot.position < input.insnCount {
            branches[TableIndex(rawValue: branchCount)] = slot
            branchCount &+= UInt32(truncatingIfNeeded: kinds.count(insns[slot]))
            goals[slot] = BlockProgram.noGoal
            slot = slot + 1
        }
        for number in 0..<branchCount {
            let slot = branches[TableIndex(rawValue: number)]
            let target = slot + (1 &+ kinds.field(of: insns[slot]).offset(in: insns[slot]))
            leaders.insert(target)
            goals[slot] = target.rawValue
        }
        markSubprograms(of: input, for: pass)
        count = leaders.seal()
        for number in 0..<branchCount {
            let slot = branches[TableIndex(rawValue: number)]
            goals[slot] = goal(at: InputIndex(rawValue: goals[slot]), isCall: kinds.field(of: insns[slot]).isCall)
        }
    }

    /// Lets blocks start where subprograms and the targets of refs do, and looks at the patches that subprograms end with.
    private mutating func markSubprograms(of input: ProgramImage<InputIndex>, for pass: PassImage) {
        let leaving = LeavingJumps(pass: pass, input: input)
        let insnCount = input.insnCount
        var isDangling = false
        var number = 0
        for home in 0..<input.subprogramCount {
            let start = input.subprograms[TableIndex(home)].start
            let end = input.end(of: TableIndex(home))
            leaders.insert(InputIndex(rawValue: start))
            while number < pass.editCount {
                let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number))
                if pass.edits[edit].off.position >= end { break }
                if pass.edits[edit].refCount > 0 { markRefs(of: edit, in: pass, insnCount: insnCount) }
                number &+= 1
            }
            isDangling = leaving.dangle(from: Int(start), to: end, number: number) || isDangling
        }
        // What is left is an append.
        if number < pass.editCount { markRefs(of: TableIndex(number), in: pass, insnCount: insnCount) }
        self.isDangling = isDangling
    }

    @inline(__always)
    private func markRefs(of edit: TableIndex, in pass: PassImage, insnCount: Int) {
        var ref = pass.edits[edit].refStart
        let end = ref + Int(pass.edits[edit].refCount)
        while ref < end {
            // A ref to nothing is refused when it is written.
            if pass.refs[ref].to.position < insnCount { leaders.insert(pass.refs[ref].to) }
            ref = ref + 1
        }
    }
}
