import BPF

/// The current places of the slots of a phase's program, updated after each pass.
///
/// One sweep over the sorted edits of a pass maps its input slots to the result. The places so far are looked up in
/// this map.
///
/// - Source: SEMANTICS, "Where a jump to input index `t` lands"
struct SlotPlaces: ~Copyable {
    /// The place of a removed slot or subprogram.
    static let nowhere = UInt32.max

    /// For each slot of a program, and its end, an index into a later layout.
    private struct Table: ~Copyable {
        /// The place of the slot itself, or of the first slot of the patch that replaced it.
        var places = Scratch<UInt32>()
        /// The slot that jumps to it reach.
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
    /// True before the first pass.
    private(set) var isAtStart = true

    /// Starts with a program before any pass.
    mutating func reset(to program: ProgramImage<InputIndex>) {
        count = program.insnCount + 1
        subprogramCount = program.subprogramCount
        isAtStart = true
    }

    /// The place of a slot itself, or of the first slot of the patch that replaced it, or ``nowhere``.
    func place(of slot: InputIndex) -> UInt32 { unsafe isAtStart ? slot.rawValue : all.places.buffer()[slot] }

    /// The slot that jumps to a slot reach, or ``nowhere``; for the end, the start of appended code.
    func landing(of slot: InputIndex) -> UInt32 { unsafe isAtStart ? slot.rawValue : all.landings.buffer()[slot] }

    /// The current number of a subprogram, or ``nowhere``.
    func number(of subprogram: TableIndex) -> UInt32 {
        unsafe isAtStart ? subprogram.rawValue : all.subprograms.buffer()[subprogram]
    }

    /// Updates all places after a pass.
    ///
    /// - Complexity: O(slots of the program + slots of the pass's input + edits)
    mutating func advance(by pass: PassImage, on input: ProgramImage<InputIndex>) {
        last.reserve(input)
        var sweep = Sweep(input: input, places: last.places.buffer(), landings: last.landings.buffer())
        sweep.run(pass)
        let landings = sweep.landings
        let numbers = last.subprograms.buffer(as: TableIndex.self)
        var kept: UInt32 = 0
        for number in 0..<input.subprogramCount {
            let start = unsafe InputIndex(rawValue: input.subprograms[TableIndex(number)].start)
            let survives = unsafe landings[start] != SlotPlaces.nowhere
            unsafe numbers[TableIndex(number)] = survives ? kept : SlotPlaces.nowhere
            if survives { kept += 1 }
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
        /// The first of the deleted slots directly before `slot`; `slot` if there are none.
        private var deleted = InputIndex(0)
        /// The subprogram that contains the last slot that is not deleted.
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
                copy(to: edit.off)
                if edit.isInsertion {
                    insert(edit)
                } else if edit.isDeletion {
                    unsafe places.fill(Int(edit.remove), from: slot, with: SlotPlaces.nowhere)
                    slot = edit.end
                } else {
                    replace(edit)
                }
            }
            copy(to: InputIndex(input.insnCount))
            unsafe landings.fill(slot - deleted, from: deleted, with: SlotPlaces.nowhere)
            unsafe places[slot] = out
            unsafe landings[slot] = out
        }

        /// Maps the slots between two edits.
        private mutating func copy(to end: InputIndex) {
            if slot == end { return }
            resolveDeleted(to: out)
            while slot < end {
                unsafe places[slot] = out
                unsafe landings[slot] = out
                out += 1
                slot = slot + 1
            }
            deleted = slot
        }

        private mutating func insert(_ edit: EditRecord) {
            // Appended code moves no slot.
            if slot.position == input.insnCount { return }
            let itself = out + edit.patchCount
            let landing = edit.skip ? itself : out
            resolveDeleted(to: landing)
            unsafe places[slot] = itself
            unsafe landings[slot] = landing
            out = itself + 1
            slot = slot + 1
            deleted = slot
        }

        private mutating func replace(_ edit: EditRecord) {
            resolveDeleted(to: out)
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

        /// Sets the same target for the deleted slots before this one, if they are in the same subprogram.
        private mutating func resolveDeleted(to landing: UInt32) {
            while input.end(of: subprogram) <= slot.position { subprogram = subprogram + 1 }
            let start = unsafe InputIndex(rawValue: input.subprograms[subprogram].start)
            while deleted < slot {
                unsafe landings[deleted] = deleted < start ? SlotPlaces.nowhere : landing
                deleted = deleted + 1
            }
        }
    }
}
