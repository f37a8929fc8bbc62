import BPF

/// A map from input slots to the slots of the result that jumps to them reach.
struct JumpTargetMap: BitwiseCopyable {
    /// The entry of a slot that no jump can reach.
    static let nothing = UInt32.max

    /// An insertion that jumps skip: the slot that jumps reach, and the distance before it at which calls enter.
    struct Skip: BitwiseCopyable {
        var landing: UInt32
        var count: UInt32
    }

    /// Memory of a map, kept for the whole run.
    struct Storage: ~Copyable {
        private var landings = Scratch<UInt32>()
        private var skips = Scratch<Skip>()

        /// Makes an empty map for a program and a pass.
        mutating func makeMap(_ input: ProgramImage<InputIndex>, _ pass: PassImage) -> JumpTargetMap {
            landings.reserve(input.insnCount)
            skips.reserve(pass.patchSlots + 1)
            return JumpTargetMap(landings: landings.buffer(), skips: skips.buffer())
        }
    }

    private let landings: UnsafeTypedBuffer<InputIndex, UInt32>
    private let skips: UnsafeTypedBuffer<TableIndex, Skip>
    private var skipCount = 0
    /// The end of the last run of adjacent deletions, and the slot that jumps to them reach if it is in their
    /// subprogram.
    private var runEnd = InputIndex(0)
    private var runLanding: UInt32 = 0

    private init(
        landings: UnsafeTypedBuffer<InputIndex, UInt32>,
        skips: UnsafeTypedBuffer<TableIndex, Skip>
    ) {
        self.landings = landings
        self.skips = skips
    }

    /// Notes the place of a slot, or of the patch that replaces it.
    @inline(__always)
    func copy(_ slot: InputIndex, at place: OutputIndex) { unsafe landings[slot] = place.rawValue }

    /// Notes the place of the patch that replaces a range.
    @inline(__always)
    func replace(_ edit: EditRecord, at place: OutputIndex) {
        unsafe landings[edit.off] = place.rawValue
        var inside = edit.off + 1
        while inside < edit.end {
            unsafe landings[inside] = JumpTargetMap.nothing
            inside = inside + 1
        }
    }

    /// Notes the place of an inserted patch; the slot after it has its own already.
    @inline(__always)
    mutating func insert(_ edit: EditRecord, at place: OutputIndex) {
        if edit.skip {
            unsafe skips[TableIndex(skipCount)] = Skip(landing: landings[edit.off], count: edit.patchCount)
            skipCount &+= 1
        } else {
            unsafe landings[edit.off] = place.rawValue
        }
    }

    /// Notes the place of the slot that follows a deleted range.
    mutating func delete(
        _ edit: EditRecord, _ number: TableIndex, at place: OutputIndex, in pass: PassImage,
        on input: ProgramImage<InputIndex>
    ) {
        if edit.off >= runEnd { measureRun(from: number, at: place, in: pass) }
        var slot = edit.off
        while slot < edit.end {
            let home = input.end(of: input.subprogram(holding: slot))
            let landing = runEnd.position < home ? runLanding : JumpTargetMap.nothing
            let stop = InputIndex(min(home, edit.end.position))
            while slot < stop {
                unsafe landings[slot] = landing
                slot = slot + 1
            }
        }
    }

    /// Finds the end of a run of adjacent deletions, whose slots share one target.
    private mutating func measureRun(from first: TableIndex, at place: OutputIndex, in pass: PassImage) {
        var number = first
        runEnd = unsafe pass.edits[first].end
        runLanding = place.rawValue
        while number.position + 1 < pass.editCount {
            number = number + 1
            let next = unsafe pass.edits[number]
            if next.off != runEnd { return }
            if !next.isDeletion {
                if next.skip { runLanding &+= next.patchCount }
                return
            }
            runEnd = next.end
        }
    }

    /// The slot of the result that a jump or call to an input slot reaches, or ``nothing``.
    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool) -> UInt32 {
        let landing = unsafe landings[target]
        return skipCount > 0 && isCall ? callLanding(landing) : landing
    }

    /// The slot that calls reach: before code that only jumps skip.
    private func callLanding(_ landing: UInt32) -> UInt32 {
        var low = 0
        var high = skipCount
        while low < high {
            let middle = (low &+ high) &>> 1
            if unsafe skips[TableIndex(middle)].landing < landing { low = middle &+ 1 } else { high = middle }
        }
        if low == skipCount { return landing }
        let skip = unsafe skips[TableIndex(low)]
        return skip.landing == landing ? landing &- skip.count : landing
    }
}
