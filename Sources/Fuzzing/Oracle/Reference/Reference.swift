import BPF
import Patching

/// The rules of an edit pass, in the order and the words of the article on semantics.
///
/// This is the oracle to read, and the one that decides: the fast oracle of campaigns is tested against it. It shares
/// no code with the designs or the fast oracle: it reads jumps itself, and works on values only.
///
/// | section of the article | file |
/// |---|---|
/// | "Program" | this one |
/// | "Edit" | `Reference+Edit.swift` |
/// | "Where a jump to input index `t` lands" | `Reference+Landing.swift` |
/// | "What travels along" | `Reference+Tables.swift` |
/// | "Errors" | `Reference+Errors.swift` |
///
/// - Complexity: O((slots + patch slots) × (edits + subprograms + refs) + lines × edits) a pass; a jump into k
///   deletions side by side costs k times as much
/// - Source: Patching.docc/Semantics.md
package struct Reference {
    let program: Program
    let edits: [Edit]

    init(_ pass: Pass, on program: Program) {
        self.program = program
        edits = pass.edits
    }

    /// The result of a pass.
    package enum Result: Hashable, Sendable {
        case program(Program)
        case error(Refusal)
    }

    /// The result of a pass on a well-formed program.
    package static func result(of pass: Pass, on program: Program) -> Result {
        Reference(pass, on: program).result()
    }

    /// The result of a script: of its last pass, or of the first pass whose result is an error.
    package static func result(of passes: [Pass], on program: Program) -> Result {
        var program = program
        for pass in passes {
            switch result(of: pass, on: program) {
            case .program(let next): program = next
            case let error: return error
            }
        }
        return .program(program)
    }

    private func result() -> Result {
        if let reason = malformed { return .error(.malformed(reason)) }
        let layout = Layout(self)
        var insns = layout.origins.map(instruction)
        var overflow: Int?
        for (slot, origin) in layout.origins.enumerated() {
            guard let jump = jump(of: origin, in: layout) else { continue }
            guard let landing = landing(of: jump, in: layout) else { return .error(.dangling(slot: slot)) }
            // The new offset is the landing index minus the jump's new index minus 1. If it does not fit: `ERANGE`.
            if !insns[slot].setOffset(landing - slot - 1) { overflow = overflow ?? slot }
        }
        let subprograms = subprograms(in: layout)
        if insns.isEmpty || subprograms.isEmpty { return .error(.empty) }
        if let overflow { return .error(.overflow(slot: overflow)) }
        return .program(Program(insns: insns, aux: aux(in: layout), subprograms: subprograms, lines: lines))
    }
}

// MARK: Program

extension Reference {
    /// The length of the input, `n` in the article.
    var count: Int { program.insns.count }

    /// Returns true for the second slot of a wide load.
    func isSecond(_ slot: Int) -> Bool { slot > 0 && slot < count && program.insns[slot - 1].code == 0x18 }

    /// The number of the subprogram that holds a slot.
    func subprogram(of slot: Int) -> Int {
        program.subprograms.lastIndex { Int($0.start) <= slot } ?? 0
    }

    /// The field of an instruction that holds an offset.
    enum OffsetField {
        /// The 16 bits of `off`, of a jump.
        case off
        /// The 32 bits of `imm`, of a jump.
        case imm
        /// The 32 bits of `imm`, of a call.
        case callee
    }
}

extension Instruction {
    /// The field that holds the offset; `nil` for instructions other than jumps and calls, and for a second slot, whose
    /// code is 0.
    var offsetField: Reference.OffsetField? {
        switch code {
        case 0x06: return .imm
        case 0x85: return src == 1 ? .callee : nil
        case 0x18: return src == 4 ? .callee : nil
        case 0x0d: return nil
        default: break
        }
        let (instructionClass, operation) = (code & 0x07, code & 0xf0)
        let isJumpClass = instructionClass == 0x05 || instructionClass == 0x06
        let isCallOrExit = operation == 0x80 || operation == 0x90
        return isJumpClass && !isCallOrExit ? .off : nil
    }

    /// The offset of a jump or call: its target is its own index + 1 + offset.
    var offset: Int { offsetField == .off ? Int(off) : Int(imm) }

    /// Sets the offset of a jump or call; returns false if it does not fit.
    mutating func setOffset(_ offset: Int) -> Bool {
        if offsetField == .off {
            off = Int16(truncatingIfNeeded: offset)
        } else {
            imm = Int32(truncatingIfNeeded: offset)
        }
        return self.offset == offset
    }
}
