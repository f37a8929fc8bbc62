import BPF
import Patching

/// Writes cases of ``SmallCases`` into buffers; consecutive numbers are fastest.
///
/// Allocates only when the skeleton changes, which is once in thousands of cases.
package struct SmallCaseWriter: Sendable {
    /// An instruction of a place, possibly with a ref.
    private struct Option {
        var insn: Instruction
        /// The target of its ref, or `noRef`.
        var ref = noRef

        static let noRef = UInt32.max
    }

    private let cases: SmallCases
    private var skeleton: SmallCases.Skeleton
    /// The numbers of the cases of the skeleton.
    private var range: Range<UInt64> = 0..<0
    /// The sets of slots with a line record.
    private var lineSets: [[UInt32]] = []
    /// The options of all instructions, one instruction after the other, and the first of each.
    private var options: [Option] = []
    private var places: [Int] = []
    /// The chosen line set, and the chosen option of each instruction; the first changes fastest.
    private var digits: [Int] = []
    /// The number of choices of each digit.
    private var bounds: [Int] = []
    /// The number of the case that the digits describe, or `nil`.
    private var current: UInt64?

    package init(_ cases: SmallCases) {
        self.cases = cases
        skeleton = cases.skeletons[0]
    }

    /// Writes a case.
    ///
    /// - Complexity: O(slots), and O(log skeletons + choices) for a number out of turn
    package mutating func write(_ number: UInt64, _ program: ProgramBuffer, _ pass: PassBuffer) {
        if let current, current &+ 1 == number, number < range.upperBound {
            advance()
        } else {
            if !range.contains(number) { select(cases.skeleton(of: number)) }
            var rest = number - range.lowerBound
            for place in digits.indices {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: UInt64(bounds[place]))
                digits[place] = Int(digit)
                rest = quotient
            }
        }
        current = number
        write(to: program)
        write(to: pass)
    }

    /// Goes to the next case of the skeleton.
    private mutating func advance() {
        for place in digits.indices {
            digits[place] += 1
            if digits[place] < bounds[place] { return }
            digits[place] = 0
        }
    }

    /// The chosen option of an instruction.
    @inline(__always)
    private func option(_ item: Int) -> Option { options[places[item] + digits[item + 1]] }

    private func write(to program: ProgramBuffer) {
        let shape = skeleton.program
        let lines = lineSets[digits[0]]
        program.reserve(insns: shape.slots + 1, subprograms: shape.subprograms.count + 1, lines: lines.count + 1)
        (program.insnCount, program.subprogramCount, program.lineCount) =
            (shape.slots, shape.subprograms.count, lines.count)
        let image = program.image(as: InputIndex.self)
        var slot = InputIndex(0)
        for item in shape.widths.indices {
            unsafe image.insns[slot] = option(item).insn
            if shape.widths[item] == 2 { unsafe image.insns[slot + 1] = .zero }
            slot = slot + shape.widths[item]
        }
        for slot in 0..<shape.slots { unsafe image.aux[InputIndex(slot)] = 70 + UInt32(slot) }
        for (place, start) in shape.subprograms.enumerated() {
            unsafe image.subprograms[TableIndex(place)] = Subprogram(
                start: UInt32(start), id: start == 0 ? 0 : UInt32(100 + start))
        }
        for (place, slot) in lines.enumerated() {
            unsafe image.lines[TableIndex(place)] = LineRecord(insnOff: slot, id: 500 + slot)
        }
    }

    private func write(to pass: PassBuffer) {
        pass.removeAll()
        var item = skeleton.program.widths.count
        for edit in skeleton.edits {
            pass.addEdit(off: InputIndex(edit.start), remove: UInt32(edit.remove), skip: edit.skip)
            for width in edit.widths {
                let option = option(item)
                let slot = pass.addPatch(option.insn)
                if width == 2 { pass.addPatch(.zero) }
                if option.ref != Option.noRef { pass.addRef(Ref(from: slot, to: InputIndex(rawValue: option.ref))) }
                item += 1
            }
            if let keep = edit.keep { pass.updateLast { $0.keep = UInt32(keep) } }
        }
    }
}

extension SmallCaseWriter {
    /// Makes the options of another skeleton.
    private mutating func select(_ index: Int) {
        skeleton = cases.skeletons[index]
        range = cases.firsts[index]..<cases.firsts[index + 1]
        current = nil
        let program = skeleton.program
        lineSets = SmallCases.subsets(of: program.starts[...]).filter { $0.count == skeleton.lineCount }
            .map { $0.map(UInt32.init) }
        (options, places) = ([], [])
        for (slot, width) in zip(program.starts, program.widths) {
            let targets = program.targets(of: slot).map { Aim(offset: $0 - slot - 1) }
            let callees = program.subprograms.map { Aim(offset: $0 - slot - 1) }
            addOptions(width: width, targets: targets, callees: callees)
        }
        for edit in skeleton.edits { addOptions(of: edit) }
        let choices = cases.bounds.choices(of: skeleton).map(Int.init)
        let ends = places.dropFirst() + [options.count]
        bounds = [lineSets.count] + zip(places, ends).map { $1 - $0 }
        precondition(bounds == choices, "skeleton \(index) has \(bounds) choices, and \(choices) were counted")
        digits = Array(repeating: 0, count: bounds.count)
    }

    /// The target of a jump or call: an offset, or a ref.
    private struct Aim {
        var offset = 0
        var ref = Option.noRef
    }

    private mutating func addOptions(of edit: SmallCases.EditShape) {
        let program = skeleton.program
        let isLoose = cases.bounds.hasMalformed
        let borders = isLoose ? Array(0...edit.slots + cases.bounds.beyond) : starts(of: edit) + [edit.slots]
        let refs = (0...program.slots).map { Aim(ref: UInt32($0)) }
        for (slot, width) in zip(starts(of: edit), edit.widths) {
            if slot == edit.keep && !isLoose {
                places.append(options.count)
                options.append(Option(insn: .zero))
                continue
            }
            let callees = isLoose ? [Aim(offset: -slot - 1)] + refs : program.subprograms.map { Aim(ref: UInt32($0)) }
            addOptions(width: width, targets: borders.map { Aim(offset: $0 - slot - 1) } + refs, callees: callees)
        }
    }

    private func starts(of edit: SmallCases.EditShape) -> [Int] { SmallCases.starts(of: edit.widths) }

    /// Adds the options of the next instruction.
    private mutating func addOptions(width: Int, targets: [Aim], callees: [Aim]) {
        places.append(options.count)
        // A marker is a number that no other instruction of the case has.
        let marker = places.count
        for kind in cases.bounds.kinds(ofWidth: width) {
            let insn = kind.instruction(marker: marker)
            if !kind.isJump && !kind.isCall {
                options.append(Option(insn: insn))
                continue
            }
            for aim in kind.isJump ? targets : callees {
                var aimed = insn
                if aim.ref == Option.noRef { _ = aimed.setJumpOffset(aim.offset, aimed.jumpKind) }
                options.append(Option(insn: aimed, ref: aim.ref))
            }
        }
    }
}
