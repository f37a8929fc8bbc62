import BPF
import Patching

/// All cases of one pass within bounds: every well-formed program with every pass, including malformed ones.
///
/// Instructions are one of each kind that the rules distinguish (``Kind``). A case is one pass on a program of at least
/// one slot:
/// - Each slot starts any instruction that fits; a jump reaches any instruction of its subprogram, a call any
///   subprogram.
/// - Subprograms and line records, if the bounds include them, are at any set of instructions.
/// - An edit has any start and length up to ``Bounds/beyond`` slots outside of the program, with and without `skip`.
/// - A patch is any sequence of instructions up to its bound; `keep` is none or any slot of it. A jump of a patch
///   reaches any slot of the patch, its end or one slot beyond, or has a ref to any slot of the program or one beyond.
///   A call has such a ref or none.
///
/// Cases by the bounds that tests use:
///
/// | slots | edits | patch | tables | kinds | cases |
/// |---|---|---|---|---|---|
/// | 2 | 1 | 1 | both | all but `gotol` | 68,526 |
/// | 2 | 2 | 0 | lines | all but `gotol` | 34,728 |
/// | 1 | 1 | 2 | none | all | 44,804 |
/// | 2 | 2 | 1 | none | plain | 6,230 |
/// | 1 | 2 | 1 | none | all | 660,972 |
/// | 2 | 1 | 2 | none | all | 957,335 |
/// | 3 | 1 | 1 | subprograms | all but `gotol` | 441,889 |
/// | 3 | 2 | 0 | lines | all but `gotol` | 1,125,552 |
package struct SmallCases {
    /// The bounds of the cases.
    package struct Bounds: Sendable {
        /// - Units: slots
        package var slots: Int
        package var edits: Int
        /// - Units: slots
        package var patch: Int
        /// The number of slots past the end of the program that an edit may reach, to be malformed.
        package var beyond = 1
        package var hasLines = false
        package var hasSubprograms = false
        package var kinds: Set<Kind>

        package init(
            slots: Int, edits: Int, patch: Int, hasLines: Bool = false, hasSubprograms: Bool = false,
            kinds: Set<Kind> = Set(Kind.allCases)
        ) {
            self.kinds = kinds
            self.slots = slots
            self.edits = edits
            self.patch = patch
            self.hasLines = hasLines
            self.hasSubprograms = hasSubprograms
        }
    }

    /// The kinds of instructions: no jump, a jump with 16 bits, one with 32, a wide load, a call, or the address of a
    /// subprogram.
    package enum Kind: CaseIterable, Sendable { case plain, goto, gotol, wide, call, function }

    private let bounds: Bounds
    private var choices = Choices()
    private var marker: Int32 = 0

    package init(_ bounds: Bounds) { self.bounds = bounds }

    /// Calls a function with every case.
    package static func forEach(_ bounds: Bounds, _ body: (Program, Pass) throws -> Void) rethrows {
        var cases = SmallCases(bounds)
        repeat {
            let program = cases.makeProgram()
            try body(program, cases.makePass(for: program))
        } while cases.choices.next()
    }

    // MARK: Programs

    private mutating func makeProgram() -> Program {
        marker = 0
        let count = 1 + choices.below(bounds.slots)
        var insns: [Instruction] = []
        var starts: [Int] = []
        while insns.count < count {
            starts.append(insns.count)
            insns += makeInstruction(room: count - insns.count)
        }
        var program = Program(insns: insns, aux: insns.indices.map { 70 + UInt32($0) })
        for start in starts.dropFirst() where bounds.hasSubprograms && choices.coin() {
            program.subprograms.append(Subprogram(start: UInt32(start), id: UInt32(100 + start)))
        }
        for start in starts where bounds.hasLines && choices.coin() {
            program.lines.append(LineRecord(insnOff: UInt32(start), id: UInt32(500 + start)))
        }
        for slot in starts { aim(slot, starts, &program) }
        return program
    }

    /// An instruction that fits a number of slots; ``aim(_:_:_:)`` sets its target.
    private mutating func makeInstruction(room: Int) -> [Instruction] {
        marker += 1
        let fits = Kind.allCases.filter { kind in
            bounds.kinds.contains(kind)
                && (room > 1 || (kind != .wide && kind != .function)) && (bounds.hasSubprograms || kind != .function)
        }
        switch fits[choices.below(fits.count)] {
        case .plain: return [Instruction(code: Opcode.movImmediate64, imm: marker)]
        case .goto: return [Instruction(code: Opcode.ja, imm: marker)]
        case .gotol: return [Instruction(code: Opcode.gotol, off: Int16(marker))]
        case .wide: return [Instruction(code: Opcode.loadImmediate64, imm: marker), .zero]
        case .call: return [Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: Int16(marker))]
        case .function:
            return [Instruction(code: Opcode.loadImmediate64, src: Opcode.pseudoFunction, off: Int16(marker)), .zero]
        }
    }

    /// Chooses the target of a jump, any instruction of its subprogram, or of a call, any subprogram.
    private mutating func aim(_ slot: Int, _ starts: [Int], _ program: inout Program) {
        guard let field = program.insns[slot].offsetField else { return }
        func home(_ slot: Int) -> Int? { program.subprograms.lastIndex { Int($0.start) <= slot } }
        let targets =
            field == .callee ? program.subprograms.map { Int($0.start) } : starts.filter { home($0) == home(slot) }
        let target = targets[choices.below(targets.count)]
        _ = program.insns[slot].setJumpOffset(target - slot - 1, program.insns[slot].jumpKind)
    }

    // MARK: Passes

    private mutating func makePass(for program: Program) -> Pass {
        var pass = Pass()
        for _ in 0..<choices.below(bounds.edits + 1) { pass.edits.append(makeEdit(for: program)) }
        return pass
    }

    private mutating func makeEdit(for program: Program) -> Edit {
        let count = program.insns.count
        let off = choices.below(count + 1 + bounds.beyond)
        let remove = choices.below(max(count - off, 0) + 1 + bounds.beyond)
        var edit = Edit(off: InputIndex(off), remove: UInt32(remove))
        let length = choices.below(bounds.patch + 1)
        while edit.patch.count < length { edit.patch += makeInstruction(room: length - edit.patch.count) }
        if length > 0 {
            let keep = choices.below(length + 1)
            if keep > 0 { edit.keep = PatchIndex(keep - 1) }
        }
        edit.skip = choices.coin()
        for slot in edit.patch.indices { aim(slot, in: &edit, count: count) }
        return edit.withPlaceholdersCleared()
    }

    /// Chooses the target of a jump of a patch: any slot of the patch, its end, or by ref any slot of the program; one
    /// beyond each.
    private mutating func aim(_ slot: Int, in edit: inout Edit, count: Int) {
        let kind = edit.patch[slot].jumpKind
        if kind == .none { return }
        let inside = kind.isCall ? 1 : edit.patch.count + 1 + bounds.beyond
        let choice = choices.below(inside + count + bounds.beyond)
        if choice < inside {
            _ = edit.patch[slot].setJumpOffset(choice - slot - 1, kind)
        } else {
            edit.refs.append(Ref(from: PatchIndex(slot), to: InputIndex(choice - inside)))
        }
    }
}
