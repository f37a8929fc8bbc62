import BPF

/// The map of ``IndexMap``: where jumps to each slot of the input land.
struct LandingMap: LandingRecord {
    /// An insertion that jumps go past: where they land, and how far in front of it calls do.
    struct Skip: BitwiseCopyable {
        var landing: UInt32
        var count: UInt32
    }

    /// Memory of a map, kept for the whole run.
    struct Storage: ~Copyable {
        private var landings = RowStorage<UInt32>()
        private var skips = RowStorage<Skip>()

        /// An empty map for a program and a pass.
        mutating func makeMap(_ input: ProgramImage<InputIndex>, _ pass: PassImage) -> LandingMap {
            landings.reserve(input.insnCount)
            skips.reserve(pass.patchSlots + 1)
            return LandingMap(landings: landings.row(), skips: skips.row())
        }
    }

    private let landings: Row<InputIndex, UInt32>
    private let skips: Row<TableIndex, Skip>
    private var skipCount = 0
    /// Where the last deletions side by side end, and where jumps to them land if that is in their subprogram.
    private var runEnd = InputIndex(0)
    private var runLanding: UInt32 = 0

    private init(
        landings: Row<InputIndex, UInt32>,
        skips: Row<TableIndex, Skip>
    ) {
        self.landings = landings
        self.skips = skips
    }

    @inline(__always)
    mutating func stand(_ slot: InputIndex, at place: OutputIndex) { landings[slot] = place.rawValue }

    @inline(__always)
    mutating func replaceSlot(_ slot: InputIndex, _ number: TableIndex, at place: OutputIndex) {
        landings[slot] = place.rawValue
    }

    @inline(__always)
    mutating func replace(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex) {
        landings[edit.off] = place.rawValue
        var inside = edit.off + 1
        while inside < edit.end {
            landings[inside] = LandingMap.nothing
            inside = inside + 1
        }
    }

    @inline(__always)
    mutating func insert(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex) {
        if edit.skip {
            skips[TableIndex(skipCount)] = Skip(landing: landings[edit.off], count: edit.patchCount)
            skipCount &+= 1
        } else {
            landings[edit.off] = place.rawValue
        }
    }

    mutating func delete(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex, in source: EditedProgram) {
        if edit.off >= runEnd { measureRun(from: number, at: place, in: source.pass) }
        var slot = edit.off
        while slot < edit.end {
            let home = source.input.end(of: source.input.subprogram(holding: slot))
            let landing = runEnd.position < home ? runLanding : LandingMap.nothing
            let stop = InputIndex(min(home, edit.end.position))
            while slot < stop {
                landings[slot] = landing
                slot = slot + 1
            }
        }
    }

    /// Finds what follows deletions side by side, which land alike.
    private mutating func measureRun(from first: TableIndex, at place: OutputIndex, in pass: PassImage) {
        var number = first
        runEnd = pass.edits[first].end
        runLanding = place.rawValue
        while number.position + 1 < pass.editCount {
            number = number + 1
            let next = pass.edits[number]
            if next.off != runEnd { return }
            if !next.isDeletion {
                if next.skip { runLanding &+= next.patchCount }
                return
            }
            runEnd = next.end
        }
    }

    @inline(__always)
    mutating func ask(before limit: InputIndex, count: Int, in source: EditedProgram) {}

    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool, in source: EditedProgram) -> UInt32 {
        let landing = landings[target]
        return skipCount > 0 && isCall ? callLanding(landing) : landing
    }

    /// Where calls enter what jumps reach: in front of code that only jumps go past.
    private func callLanding(_ landing: UInt32) -> UInt32 {
        var low = 0
        var high = skipCount
        while low < high {
            let middle = (low &+ high) &>> 1
            if skips[TableIndex(middle)].landing < landing { low = middle &+ 1 } else { high = middle }
        }
        if low == skipCount { return landing }
        let skip = skips[TableIndex(low)]
        return skip.landing == landing ? landing &- skip.count : landing
    }
}
