import BPF
import Patching

/// Where jumps and calls to each input slot land, for ``FaultyPatcher``.
struct FaultyLandings {
    /// Stands for "nothing stands there".
    static let nothing = -1

    let program: Program
    let edits: [Edit]
    let fault: Fault?
    /// Where jumps to each slot land; ``nothing`` where they may not.
    private(set) var jumps: [Int]
    /// Where calls to each slot land.
    private(set) var calls: [Int]
    /// Where each surviving slot stands itself.
    private(set) var own: [Int]
    /// How long the result is.
    private(set) var length = 0
    /// The number of the subprogram of each slot.
    let homes: [Int]

    init(program: Program, edits: [Edit], fault: Fault?) {
        self.program = program
        self.edits = edits
        self.fault = fault
        let count = program.insns.count
        jumps = Array(repeating: FaultyLandings.nothing, count: count)
        calls = jumps
        own = jumps
        var homes = Array(repeating: 0, count: count)
        for (number, subprogram) in program.subprograms.enumerated() where number > 0 {
            for slot in Int(subprogram.start)..<count { homes[slot] = number }
        }
        self.homes = homes
        place()
        fallThroughDeletions()
    }

    private mutating func stand(_ slot: Int) {
        jumps[slot] = length
        calls[slot] = length
        own[slot] = length
        length += 1
    }

    /// Gives landings to what stands and to what a patch stands for.
    private mutating func place() {
        var slot = 0
        for edit in edits {
            let off = edit.off.position
            while slot < off {
                stand(slot)
                slot += 1
            }
            let first = length
            length += edit.patch.count
            if off == program.insns.count { continue }
            if edit.remove == 0 {
                stand(off)
                let skips = edit.skip && fault != .skipForgotten
                if !skips { jumps[off] = first }
                calls[off] = skips && fault == .skipForCalls ? own[off] : first
                slot = off + 1
            } else if !edit.patch.isEmpty {
                jumps[off] = first
                calls[off] = first
                if let keep = edit.keep {
                    for step in 0..<Int(edit.remove) { own[off + step] = first + keep.position + step }
                    if fault == .jumpToKept { jumps[off] = own[off] }
                }
                slot = off + Int(edit.remove)
                if fault == .replacedInterior {
                    for inside in off..<slot { jumps[inside] = first }
                }
            } else {
                slot = off + Int(edit.remove)
            }
        }
        while slot < program.insns.count {
            stand(slot)
            slot += 1
        }
    }

    /// Gives what is deleted the landing of what follows it in its subprogram.
    private mutating func fallThroughDeletions() {
        for edit in edits.reversed() where edit.patch.isEmpty {
            let off = edit.off.position
            let end = off + Int(edit.remove)
            for slot in (off..<end).reversed() where slot + 1 < program.insns.count {
                if homes[slot + 1] != homes[slot] && fault != .deletionCrossesSubprogram { continue }
                jumps[slot] = jumps[slot + 1]
                calls[slot] = calls[slot + 1]
            }
            if fault == .interiorSlides {
                for slot in (off + 1)..<max(end, off + 1) {
                    let slid = end + slot - off
                    if slid < program.insns.count && homes[slid] == homes[off] { jumps[slot] = jumps[slid] }
                }
            }
        }
    }

    /// Where a slot of the input is reached; what is outside of the program moves with its end.
    func landing(_ target: Int, isCall: Bool) -> Int {
        if target < 0 { return target }
        if target >= program.insns.count { return target - program.insns.count + length }
        return isCall ? calls[target] : jumps[target]
    }

    /// Where a jump of a patch to a slot of the input lands.
    func landing(_ target: Int, of edit: Edit, checksHome: Bool) -> Int {
        if target < 0 || target >= program.insns.count { return FaultyLandings.nothing }
        if target > 0 && program.insns[target - 1].isWide { return FaultyLandings.nothing }
        let home = homes[min(edit.off.position, program.insns.count - 1)]
        return checksHome && homes[target] != home ? FaultyLandings.nothing : jumps[target]
    }

    /// The edit that starts at a slot.
    func edit(at slot: Int) -> Edit? { edits.first { $0.off.position == slot } }
}
