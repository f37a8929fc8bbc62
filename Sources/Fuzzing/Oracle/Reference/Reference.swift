import BPF
import Patching

/// The rules of an edit pass, written in the order and the words of the article on semantics.
///
/// This is the oracle to read, and the one that decides: the fast oracle of campaigns is tested against it. It shares
/// nothing with the designs, nor with the fast oracle: it reads jumps itself, and works on values alone.
///
/// - Complexity: O((slots + edits) × edits) a pass
/// - Source: Patching.docc/Semantics.md, whose headings the files of this folder follow
package struct Reference {
    /// What a pass gives.
    package enum Result: Hashable, Sendable {
        case program(Program)
        /// `EINVAL` or `ERANGE`, and the reason in words.
        case error(PatchStatus, String)
    }

    let program: Program
    let edits: [Edit]

    private init(_ program: Program, _ edits: [Edit]) {
        self.program = program
        self.edits = edits
    }

    /// The result of a pass on a well-formed program.
    package static func result(of pass: Pass, on program: Program) -> Result {
        Reference(program, pass.edits).result()
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

    /// Errors: the first row of the table, then the second, then the third.
    private func result() -> Result {
        if let reason = malformed { return .error(.einval, reason) }
        let layout = Layout(self)
        if layout.insns.isEmpty { return .error(.einval, "the result is empty") }
        let subprograms = subprograms(in: layout)
        if subprograms.isEmpty { return .error(.einval, "the result has no subprogram") }
        var insns = layout.insns
        var overflow: String?
        for jump in layout.jumps {
            guard let landing = landing(of: jump, in: layout) else {
                return .error(.einval, "the jump in slot \(jump.slot) of the result reaches nothing")
            }
            let offset = landing - jump.slot - 1
            if !insns[jump.slot].setOffset(offset) {
                overflow = overflow ?? "the offset \(offset) of slot \(jump.slot) of the result does not fit 16 bits"
            }
        }
        if let overflow { return .error(.erange, overflow) }
        return .program(Program(insns: insns, aux: layout.aux, subprograms: subprograms, lines: lines))
    }
}

// MARK: Program

extension Reference {
    /// The length of the input.
    var count: Int { program.insns.count }

    /// The number of the subprogram that holds a slot.
    func subprogram(of slot: Int) -> Int {
        program.subprograms.lastIndex { Int($0.start) <= slot } ?? 0
    }

    /// Returns true for the second slot of a wide load.
    func isSecond(_ slot: Int) -> Bool { slot > 0 && slot < count && program.insns[slot - 1].code == 0x18 }
}

/// The field of an instruction that holds an offset.
enum OffsetPlace {
    /// The 16 bits of `off`.
    case off
    /// The 32 bits of `imm`, of a jump.
    case imm
    /// The 32 bits of `imm`, of a call or a pseudo function.
    case callee
}

extension Instruction {
    /// The field that holds the offset, or `nil` for an instruction that is no jump or call.
    ///
    /// - Source: RFC 9669, section 4.3, and the kernel's `src_reg` values of calls and wide loads
    var offsetPlace: OffsetPlace? {
        switch code {
        case 0x06: return .imm
        case 0x85: return src == 1 ? .callee : nil
        case 0x18: return src == 4 ? .callee : nil
        case 0x0d: return nil
        default: break
        }
        let (operationClass, operation) = (code & 0x07, code & 0xf0)
        let isJumpClass = operationClass == 0x05 || operationClass == 0x06
        return isJumpClass && operation != 0x80 && operation != 0x90 ? .off : nil
    }

    /// The offset from the slot after this one.
    var offset: Int { offsetPlace == .off ? Int(off) : Int(imm) }

    /// Sets the offset; returns false if it does not fit.
    fileprivate mutating func setOffset(_ offset: Int) -> Bool {
        switch offsetPlace {
        case .off: off = Int16(truncatingIfNeeded: offset)
        default: imm = Int32(truncatingIfNeeded: offset)
        }
        return self.offset == offset
    }
}

extension Edit {
    /// The slot after the removed range.
    var end: Int { off.position + Int(remove) }

    /// The kept slots of the patch.
    var kept: Range<Int> { keep.map { $0.position..<$0.position + Int(remove) } ?? 0..<0 }
}
