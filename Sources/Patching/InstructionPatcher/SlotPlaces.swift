import BPF

/// Where the slots of a phase's program have gone, followed from pass to pass.
///
/// Edits of a pass are sorted, so one sweep says where each slot of its input goes; the places so far are looked up in that.
///
/// - Source: SEMANTICS, "Where a jump to input index `t` lands"
struct SlotPlaces: ~Copyable {
    /// Stands for a slot that is nowhere, or a subprogram that is gone.
    static let nowhere = UInt32.max

    /// For each slot of a program, and its end, an index into a later layout.
    private struct Table: ~Copyable {
        /// Where the slot itself stands, or the first slot of the patch that has replaced it.
        var places = Scratch<UInt32>()
        /// Where a jump to it lands.
        var landings = Scratch<UInt32>()
        /// The number of each subprogram.
        var subprograms = Scratch<UInt32>()

        mutating func reserve(_ program: ProgramImage<InputIndex>) {
            places.reserve(program.insnCount + 1)
            landings.reserve(program.insnCount + 1)
            subprograms.reserve(program.subprogramCount)
        }
    }

    private var all = Table()
    private var last = Table()
    private var count = 0
    private var subprogramCount = 0
    /// Whether nothing has gone anywhere yet.
    private(set) var isAtStart = true

    /// Goes back to a program as it is.
    mutating func reset(to program: ProgramImage<InputIndex>) {
        count = program.insnCount + 1
        subprogramCount = program.subprogramCount
        isAtStart = true
    }

    /// Where a slot itself stands, or the first slot of the patch that has replaced it, or ``nowhere``.
    func place(of slot: InputIndex) -> UInt32 { unsafe isAtStart ? slot.rawValue : all.places.buffer()[slot] }

    /// Where a jump to a slot lands, or ``nowhere``; of the end, where appended code begins.
    func landing(of slot: InputIndex) -> UInt32 { unsafe isAtStart ? slot.rawValue : all.landings.buffer()[slot] }

    /// The number that a subprogram of the program has now, or ``nowhere``.
    func number(of subprogram: TableIndex) -> UInt32 {
        unsafe isAtStart ? subprogram.rawValue : all.subprograms.buffer()[subprogram]
    }

    /// Follows everything through a pass.
    ///
    /// - Complexity: O(slots of the program + slots of the pass's input + edits)
    mutating func advance(by pass: PassImage, on input: ProgramImage<InputIndex>) {
        last.reserve(input)
        var sweep = Sweep(input: input, places: last.places.buffer(), landings: last.landings.buffer())
        sweep.run(pass)
        let landings = sweep.landings
        let numbers = last.subprograms.buffer(as: TableIndex.self)
        var standing: UInt32 = 0
        for number in 0..<input.subprogramCount {
            let start = unsafe InputIndex(rawValue: input.subprograms[TableIndex(number)].start)
            let stands = unsafe landings[start] != SlotPlaces.nowhere
            unsafe numbers[TableIndex(number)] = stands ? standing : SlotPlaces.nowhere
            if stands { standing += 1 }
        }
        if isAtStart {
            swap(&all, &last)
            isAtStart = false
            return
        }
        SlotPlaces.follow(all.places.buffer(as: TableIndex.self), count, through: last.places.buffer())
        SlotPlaces.follow(all.landings.buffer(as: TableIndex.self), count, through: last.landings.buffer())
        SlotPlaces.follow(
            all.subprograms.buffer(as: TableIndex.self), subprogramCount, through: last.subprograms.buffer())
    }

    private static func follow(
        _ row: UnsafeTypedBuffer<TableIndex, UInt32>, _ count: Int, through next: UnsafeTypedBuffer<TableIndex, UInt32>
    ) {
        for number in 0..<count where unsafe row[TableIndex(number)] != nowhere {
            unsafe row[TableIndex(number)] = next[TableIndex(rawValue: row[TableIndex(number)])]
        }
    }

    /// The sweep over one pass.
    private struct Sweep {
        let input: ProgramImage<InputIndex>
        let places: UnsafeTypedBuffer<InputIndex, UInt32>
        let landings: UnsafeTypedBuffer<InputIndex, UInt32>
        /// The next slot of the input.
        private var slot = InputIndex(0)
        /// The next slot of the result.
        private var out: UInt32 = 0
        /// Where the deleted slots begin that wait for what follows them; `slot` when there are none.
        private var deleted = InputIndex(0)
        /// The subprogram that holds `slot` whenever something stands there.
        private var subprogram = TableIndex(0)

        init(
            input: ProgramImage<InputIndex>, places: UnsafeTypedBuffer<InputIndex, UInt32>,
            landings: UnsafeTypedBuffer<InputIndex, UInt32>
        ) {
            self.input = input
            self.places = places
            self.landings = landings
        }

        mutating func run(_ pass: PassImage) {
            for number in 0..<pass.editCount {
                let edit = pass.edit(number)
                stand(to: edit.off)
                if edit.isInsertion {
                    insert(edit)
                } else if edit.isDeletion {
                    unsafe places.fill(Int(edit.remove), from: slot, with: SlotPlaces.nowhere)
                    slot = edit.end
                } else {
                    replace(edit)
                }
            }
            stand(to: InputIndex(input.insnCount))
            unsafe landings.fill(slot - deleted, from: deleted, with: SlotPlaces.nowhere)
            unsafe places[slot] = out
            unsafe landings[slot] = out
        }

        /// Lets slots stand up to an index.
        private mutating func stand(to end: InputIndex) {
            if slot == end { return }
            settle(at: out)
            while slot < end {
                unsafe places[slot] = out
                unsafe landings[slot] = out
                out += 1
                slot = slot + 1
            }
            deleted = slot
        }

        private mutating func insert(_ edit: EditRecord) {
            // Appended code changes nobody's place.
            if slot.position == input.insnCount { return }
            let itself = out + edit.patchCount
            let landing = edit.skip ? itself : out
            settle(at: landing)
            unsafe places[slot] = itself
            unsafe landings[slot] = landing
            out = itself + 1
            slot = slot + 1
            deleted = slot
        }

        private mutating func replace(_ edit: EditRecord) {
            settle(at: out)
            unsafe places.fill(Int(edit.remove), from: slot, with: SlotPlaces.nowhere)
            unsafe landings.fill(Int(edit.remove), from: slot, with: SlotPlaces.nowhere)
            unsafe landings[slot] = out
            unsafe places[slot] = out
            if edit.keep != EditRecord.noKeep {
                for number in 0..<edit.remove { unsafe places[slot + Int(number)] = out + edit.keep + number }
            }
            out += edit.patchCount
            slot = edit.end
            deleted = slot
        }

        /// Lets jumps to the deleted slots before this one land with those to this one, unless they would leave their
        /// subprogram.
        private mutating func settle(at landing: UInt32) {
            while input.end(of: subprogram) <= slot.position { subprogram = subprogram + 1 }
            let start = unsafe InputIndex(rawValue: input.subprograms[subprogram].start)
            while deleted < slot {
                unsafe landings[deleted] = deleted < start ? SlotPlaces.nowhere : landing
                deleted = deleted + 1
            }
        }
    }
}
