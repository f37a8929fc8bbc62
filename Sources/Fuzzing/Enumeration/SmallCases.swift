import BPF
import Patching

/// All cases of one pass within bounds, smallest first, each with a number.
///
/// The cases are every well-formed program with every pass that is not malformed; with ``Bounds/hasMalformed``, also
/// with malformed passes.
/// - Each slot starts any instruction that fits (``Kind``). A jump reaches any instruction of its subprogram, a call any
///   subprogram.
/// - Subprograms and line records, if the bounds include them, are at any set of instructions.
/// - An edit replaces any range, with and without `skip`. A patch is any sequence of instructions; `keep` is none or
///   any place that fits.
/// - A jump of a patch reaches any instruction of the patch or its end, or has a ref to any slot of the program or the
///   one after it. A call has a ref to any subprogram.
///
/// Cases that differ only in names are the same: markers, aux words, and the ids of subprograms and line records have
/// one value for each place. This loses no fault of a patcher that moves these values without reading them. So do the
/// order of refs and the contents of placeholders.
///
/// The order is that of ``CaseSize``: fewest edits, fewest slots together, fewest slots of the program, fewest
/// subprograms and line records. So the first failing case is the smallest, up to refs and the fields of instructions.
///
/// A ``Skeleton`` has as many cases as the product of the choices of its slots. So the case of a number is found by a
/// search for its skeleton and a division for each slot. ``SmallCaseWriter`` does this.
///
/// - Source: the idea of TigerBeetle's `exhaustigen.zig`, after Matklad, "Generate All the Things"
package struct SmallCases: Sendable {
    package let bounds: Bounds
    let skeletons: [Skeleton]
    /// The number of the first case of each skeleton, and at the end the number of cases.
    let firsts: [UInt64]

    /// - Complexity: O(skeletons log skeletons); thousands for the bounds that can be enumerated
    package init(_ bounds: Bounds) {
        self.bounds = bounds
        let most = min(bounds.program ?? bounds.slots, bounds.slots)
        var found: [(order: [Int], skeleton: Skeleton)] = []
        for program in (1...max(most, 1)).flatMap(bounds.programs) {
            let lines = bounds.hasLines ? program.widths.count : 0
            for edits in bounds.edits(for: program) {
                for lineCount in 0...lines {
                    let skeleton = Skeleton(program: program, edits: edits, lineCount: lineCount)
                    found.append((skeleton.order, skeleton))
                }
            }
        }
        skeletons = found.enumerated().sorted { one, two in
            one.element.order == two.element.order
                ? one.offset < two.offset : one.element.order.lexicographicallyPrecedes(two.element.order)
        }.map(\.element.skeleton)
        var next: UInt64 = 0
        firsts =
            skeletons.map { skeleton in
                defer { next += bounds.choices(of: skeleton).reduce(1, *) }
                return next
            } + [next]
    }

    /// The number of cases.
    package var count: UInt64 { firsts[skeletons.count] }

    /// The index of the skeleton of a case.
    ///
    /// - Complexity: O(log skeletons)
    func skeleton(of number: UInt64) -> Int {
        precondition(number < count, "case \(number) of \(count)")
        var range = 0..<skeletons.count
        while range.count > 1 {
            let middle = range.lowerBound + range.count / 2
            range = firsts[middle] <= number ? middle..<range.upperBound : range.lowerBound..<middle
        }
        // Skeletons without cases begin where the next one does; the last of them has the case.
        return range.lowerBound
    }

    /// The number of cases with fewer edits, or as many and fewer slots together, or as many and fewer of the program.
    package func casesBefore(edits: Int, slots: Int, programSlots: Int) -> UInt64 {
        let size = [edits, slots, programSlots]
        let first = skeletons.firstIndex { !$0.order.prefix(3).lexicographicallyPrecedes(size) }
        return firsts[first ?? skeletons.count]
    }

    /// The edits, slots together and program slots of a case.
    package func size(of number: UInt64) -> (edits: Int, slots: Int, programSlots: Int) {
        let order = skeletons[skeleton(of: number)].order
        return (order[0], order[1], order[2])
    }

    /// Calls a function with every case, smallest first.
    package func visit(_ body: (Program, Pass) throws -> Void) rethrows {
        var writer = SmallCaseWriter(self)
        let (program, pass) = (ProgramBuffer(), PassBuffer())
        for number in 0..<count {
            writer.write(number, program, pass)
            try body(Program(program.image(as: InputIndex.self)), Pass(pass.image))
        }
    }
}

extension SmallCases.Bounds {
    /// The number of choices of each part of a skeleton: its line records, the instructions of the program, and those of
    /// the patches.
    func choices(of skeleton: SmallCases.Skeleton) -> [UInt64] {
        let program = skeleton.program
        let callees = program.subprograms.count
        var choices = [SmallCases.binomial(program.widths.count, skeleton.lineCount)]
        for (slot, width) in zip(program.starts, program.widths) {
            choices.append(self.choices(width: width, targets: program.targets(of: slot).count, callees: callees))
        }
        for edit in skeleton.edits {
            let inside = hasMalformed ? edit.slots + 1 + beyond : edit.widths.count + 1
            let refs = program.slots + 1
            for (slot, width) in zip(SmallCases.starts(of: edit.widths), edit.widths) {
                let isKept = slot == edit.keep && !hasMalformed
                choices.append(
                    isKept
                        ? 1
                        : self.choices(
                            width: width, targets: inside + refs, callees: hasMalformed ? 1 + refs : callees))
            }
        }
        return choices
    }

    /// The number of instructions of a width.
    private func choices(width: Int, targets: Int, callees: Int) -> UInt64 {
        kinds(ofWidth: width).reduce(0) { $0 + UInt64($1.isJump ? targets : $1.isCall ? callees : 1) }
    }

    /// The kinds of instructions of a width, simple ones first.
    func kinds(ofWidth width: Int) -> [SmallCases.Kind] {
        SmallCases.Kind.allCases.filter {
            $0.width == width && kinds.contains($0) && (hasSubprograms || $0 != .function)
        }
    }
}

extension SmallCases {
    /// The number of ways to choose some of several things.
    static func binomial(_ all: Int, _ some: Int) -> UInt64 {
        (0..<some).reduce(1) { $0 * UInt64(all - $1) / UInt64($1 + 1) }
    }
}
