import BPF
import Patching

/// Makes instructions plain, that is moves of a small unique number, and aux words zero.
///
/// A jump that must stay a jump becomes a `goto`. The numbers are unique markers, so that a picture names each
/// instruction.
struct PlainReducer: Reducer {
    let name = "plain"

    func minimize(_ minimization: Minimization) {
        let isTaken = minimization.attempt { c in
            for place in c.places where !place.isJump(in: c) { place.makePlain(&c) }
            c.program.aux = Array(repeating: 0, count: c.program.aux.count)
        }
        if !isTaken {
            parts(minimization) { !$0.isJump(in: $1) }
            _ = minimization.attemptInParts(
                minimization.best.program.aux.indices.filter {
                    minimization.best.program.aux[$0] != 0
                }[...]
            ) { part in
                minimization.attempt { c in for slot in part { c.program.aux[slot] = 0 } }
            }
        }
        parts(minimization) { $0.isJump(in: $1) }
    }

    /// Makes instructions at some places plain.
    ///
    /// In a long program, markers are long. Places that a marker would make larger are left out: their candidates would
    /// never run, but measuring them takes minutes.
    private func parts(_ minimization: Minimization, where isWanted: (SlotPlace, Case) -> Bool) {
        let before = minimization.best
        let places = before.places.filter {
            isWanted($0, before) && !$0.isPlain(in: before) && $0.isSimpler($0.plainForm(in: before), in: before)
        }
        _ = minimization.attemptInParts(places[...]) { part in
            minimization.attempt { c in for place in part { place.makePlain(&c) } }
        }
        let after = minimization.best
        let jumps = after.places.filter { place in
            isWanted(place, after) && place.gotoForm(in: after).map { place.isSimpler($0, in: after) } ?? false
        }
        _ = minimization.attemptInParts(jumps[...]) { part in
            minimization.attempt { c in for place in part { place.makeGoto(&c) } }
        }
    }
}

/// A slot of the program of a case, or of one of its patches.
///
/// Its methods are inlined: a call with a whole case retains all parts of the case.
struct SlotPlace {
    /// The pass and the edit of a patch; `nil` for the program.
    var edit: (pass: Int, number: Int)?
    var slot: Int
    /// The number that marks a plain instruction here.
    var marker: Int32

    /// The instruction here.
    @inline(__always)
    func insn(in c: Case) -> Instruction {
        edit.map { c.passes[$0.pass].edits[$0.number].patch[slot] } ?? c.program.insns[slot]
    }

    /// Changes the instruction here.
    @inline(__always)
    func set(_ insn: Instruction, in c: inout Case) {
        if let edit { c.passes[edit.pass].edits[edit.number].patch[slot] = insn } else { c.program.insns[slot] = insn }
    }

    /// The plain instruction for this place.
    var plain: Instruction { Instruction(code: Opcode.movImmediate64, imm: marker) }

    /// Returns true if the instruction here is plain, a second slot of a wide load, or a placeholder.
    @inline(__always)
    func isPlain(in c: Case) -> Bool {
        let insn = insn(in: c)
        return (insn.code == plain.code || insn.code == 0) && insn.registers == 0 && insn.off == 0
            && insn.imm.magnitude <= plain.imm.magnitude
    }

    /// Returns true if the instruction here is a jump, a call or a wide load, which depend on other slots.
    @inline(__always)
    func isJump(in c: Case) -> Bool {
        let insn = insn(in: c)
        return insn.isWide || insn.jumpKind != .none
    }

    /// Returns true if another instruction here would make the case smaller.
    func isSimpler(_ other: Instruction, in c: Case) -> Bool { CaseSize.detail(other) < CaseSize.detail(insn(in: c)) }

    /// The plain instruction for this place, without a code if the instruction here has none.
    func plainForm(in c: Case) -> Instruction {
        Instruction(code: insn(in: c).code == 0 ? 0 : plain.code, imm: marker)
    }

    /// A `goto` with the target of the jump at a slot; `nil` if there is no jump.
    func gotoForm(in c: Case) -> Instruction? {
        let insn = insn(in: c)
        if !insn.jumpKind.isJump { return nil }
        return Instruction(code: Opcode.ja, off: Int16(clamping: insn.jumpOffset(insn.jumpKind)), imm: marker)
    }

    /// Makes the instruction here plain, if that is simpler.
    @inline(__always)
    func makePlain(_ c: inout Case) {
        if !isPlain(in: c) { set(plainForm(in: c), in: &c) }
    }

    /// Turns a jump here into a `goto` to the same target.
    func makeGoto(_ c: inout Case) {
        if let goto = gotoForm(in: c) { set(goto, in: &c) }
    }
}

extension Case {
    /// The places of all instructions, those of the program first.
    ///
    /// - Complexity: O(slots)
    var places: [SlotPlace] {
        var found = program.insns.indices.map { SlotPlace(edit: nil, slot: $0, marker: Int32($0 + 1)) }
        var marker: Int32 = 100
        for pass in passes.indices {
            for edit in passes[pass].edits.indices {
                for slot in passes[pass].edits[edit].patch.indices {
                    found.append(SlotPlace(edit: (pass, edit), slot: slot, marker: marker))
                    marker += 1
                }
            }
        }
        return found
    }
}
