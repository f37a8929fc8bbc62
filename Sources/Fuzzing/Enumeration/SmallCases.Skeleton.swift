extension SmallCases {
    /// The places of instructions, subprograms and edits of some cases; they differ in instructions and line records.
    ///
    /// - Units: all indices and widths in slots
    struct Skeleton: Sendable {
        var program: ProgramShape
        var edits: [EditShape]
        var lineCount: Int

        /// The slots of the patches.
        var patchSlots: Int { edits.reduce(0) { $0 + $1.slots } }

        /// The size of its cases, the most important number first, as of ``CaseSize``.
        var order: [Int] {
            let tables = program.subprograms.count + lineCount
            return [edits.count, program.slots + patchSlots, program.slots, tables, program.subprograms.count]
        }
    }

    /// The places of instructions and subprograms in a program.
    struct ProgramShape: Hashable, Sendable {
        /// The widths of the instructions.
        var widths: [Int]
        /// The starts of the subprograms.
        var subprograms: [Int]

        var slots: Int { widths.reduce(0, +) }

        /// The first slots of the instructions.
        var starts: [Int] { SmallCases.starts(of: widths) }

        /// The first slots of the instructions of the subprogram that holds a slot.
        func targets(of slot: Int) -> [Int] {
            func home(_ slot: Int) -> Int? { subprograms.lastIndex { $0 <= slot } }
            return starts.filter { home($0) == home(slot) }
        }
    }

    /// The place of an edit and of the instructions in its patch.
    struct EditShape: Hashable, Sendable {
        var start: Int
        var remove: Int
        /// The widths of the instructions of the patch, a kept one included.
        var widths: [Int] = []
        /// The slot of the patch with the kept instruction, or `nil`.
        var keep: Int?
        var skip = false

        var end: Int { start + remove }
        /// The length of the patch.
        var slots: Int { widths.reduce(0, +) }
    }

    static func starts(of widths: [Int]) -> [Int] {
        var next = 0
        return widths.map { width in
            defer { next += width }
            return next
        }
    }

    /// All ways to fill some slots with instructions of one and two slots.
    static func widths(filling slots: Int) -> [[Int]] {
        if slots == 0 { return [[]] }
        return (1...min(slots, 2)).flatMap { width in widths(filling: slots - width).map { [width] + $0 } }
    }

    /// All subsets, as lists in the order of the elements.
    static func subsets(of elements: ArraySlice<Int>) -> [[Int]] {
        guard let first = elements.first else { return [[]] }
        let rest = subsets(of: elements.dropFirst())
        return rest + rest.map { [first] + $0 }
    }
}

extension SmallCases.Bounds {
    private typealias EditShape = SmallCases.EditShape

    /// All shapes of programs with some number of slots.
    func programs(slots: Int) -> [SmallCases.ProgramShape] {
        SmallCases.widths(filling: slots).flatMap { widths in
            let starts = SmallCases.starts(of: widths)
            let others = hasSubprograms ? SmallCases.subsets(of: starts.dropFirst()) : [[]]
            return others.map { SmallCases.ProgramShape(widths: widths, subprograms: [0] + $0) }
        }
    }

    /// All lists of edits for a program.
    func edits(for program: SmallCases.ProgramShape) -> [[SmallCases.EditShape]] {
        lists(of: singleEdits(for: program), count: edits, from: 0, room: slots - program.slots)
    }

    /// All lists of at most `count` edits at or after a slot, with at most `room` slots of patches.
    private func lists(of all: [EditShape], count: Int, from start: Int, room: Int) -> [[EditShape]] {
        if count == 0 { return [[]] }
        return [[]]
            + all.flatMap { edit -> [[EditShape]] in
                if edit.slots > room || (edit.start < start && !hasMalformed) { return [] }
                let next = edit.remove == 0 ? edit.start + 1 : edit.end
                return lists(of: all, count: count - 1, from: next, room: room - edit.slots).map { [edit] + $0 }
            }
    }

    /// All edits of a program.
    private func singleEdits(for program: SmallCases.ProgramShape) -> [EditShape] {
        let most = min(patch ?? slots, slots - program.slots)
        let borders = program.starts + [program.slots]
        let places =
            hasMalformed
            ? (0...program.slots + beyond).flatMap { start in
                (0...max(program.slots - start, 0) + beyond).map { EditShape(start: start, remove: $0) }
            }
            : borders.flatMap { start in
                borders.filter { $0 >= start }.map { EditShape(start: start, remove: $0 - start) }
            }
        return places.flatMap { place in
            (0...most).flatMap { length in
                SmallCases.widths(filling: length).flatMap { forms(of: place, $0, in: program) }
            }
        }
    }

    /// The edits at a place with a patch, one for each `keep` and `skip`.
    private func forms(
        of place: EditShape, _ widths: [Int], in program: SmallCases.ProgramShape
    ) -> [EditShape] {
        var plain = place
        plain.widths = widths
        let kept: [Int]
        if hasMalformed {
            kept = Array(0..<plain.slots)
        } else {
            let isInside = program.subprograms.contains { place.start < $0 && $0 < place.end }
            if (place.remove == 0 && widths.isEmpty) || (isInside && !widths.isEmpty) { return [] }
            let isOne = zip(program.starts, program.widths).contains { $0 == place.start && $1 == place.remove }
            kept = isOne ? zip(SmallCases.starts(of: widths), widths).filter { $1 == place.remove }.map(\.0) : []
        }
        let skips = hasMalformed || place.remove == 0 ? [false, true] : [false]
        return ([nil] + kept).flatMap { keep in
            skips.map { skip in
                var edit = plain
                edit.keep = keep
                edit.skip = skip
                return edit
            }
        }
    }
}
